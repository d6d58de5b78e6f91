//! `actum search`: the events that match.

use clap::Args;

use crate::{
    cli::{
        events::{self, Events},
        exit::{Exit, Failure},
        filter::Filter,
        out::Out,
    },
    store::Store,
};

/// The events that match, oldest first.
#[derive(Debug, Args)]
pub(in crate::cli) struct Search {
    #[command(flatten)]
    filter: Filter,
    /// At most so many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<u64>,
    /// The newest first
    #[arg(long)]
    newest: bool,
}

impl Search {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let query = self.filter.query();
        let query = if self.newest { query.backward() } else { query };
        let mut events = Events::new(store, query, &self.filter.conditions);
        let most = self.limit.unwrap_or(u64::MAX);
        let mut count = 0;
        while count < most
            && let Some(event) = events.next().await?
        {
            events::print(out, &event)?;
            count += 1;
        }
        Ok(if count == 0 { Exit::Finding } else { Exit::Done })
    }
}
