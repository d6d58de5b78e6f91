//! `actum stream`: the history of one stream.

use clap::Args;

use crate::{
    StreamId, Version,
    cli::{
        events::{self, Events},
        exit::{Exit, Failure},
        out::Out,
    },
    store::{Query, Store},
};

/// The events of one stream.
#[derive(Debug, Args)]
pub(in crate::cli) struct Stream {
    /// The stream, as in `Cart-123`
    stream: StreamId,
    /// From this version on
    #[arg(long, value_name = "VERSION")]
    from: Option<u64>,
    /// Up to this version
    #[arg(long, value_name = "VERSION")]
    to: Option<u64>,
    /// At most so many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<u64>,
}

impl Stream {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let mut query = Query::stream(self.stream.clone());
        query.from_version = self.from.map(Version);
        query.to_version = self.to.map(Version);
        query.limit = self.limit;
        let mut events = Events::new(store, query, &[]);
        let mut count = 0_u64;
        while let Some(event) = events.next().await? {
            events::print(out, &event)?;
            count += 1;
        }
        if count == 0 && self.limit != Some(0) {
            let of =
                if self.from.is_some() || self.to.is_some() { " of these versions" } else { "" };
            return Err(Failure::Nothing(format!("`{}` has no event{of}", self.stream)));
        }
        Ok(Exit::Done)
    }
}
