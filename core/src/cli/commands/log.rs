//! `actum log`: the end of the log, and what comes.

use std::sync::Arc;

use clap::Args;

use crate::{
    App, Error, Id,
    cli::{
        events::{self, Events},
        exit::{Exit, Failure},
        filter::{Condition, Filter},
        out::Out,
        plain,
    },
    error::told_once,
    store::{Query, Store},
};

/// How many events are shown if nothing else is said.
const TAIL: u64 = 20;

/// The last events of the log, or all behind an id.
#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// Goes on with the events that come, until it is interrupted
    #[arg(short, long)]
    follow: bool,
    /// All events behind this id, instead of the last ones
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
    /// At most so many events: the last ones (20 if not given), or the first behind `--after`
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: Filter,
}

impl Log {
    pub(in crate::cli) async fn run(
        &self,
        store: Arc<dyn Store>,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        // What follows begins where this read ends: ids alone are a cursor.
        let head = store.head().await?;
        let query = self.filter.query().to_id(head);
        let conditions = &*self.filter.conditions;
        let (begin, most) = match (self.after, self.limit) {
            (Some(after), limit) => (Some(Id(after).next()), limit.unwrap_or(u64::MAX)),
            (None, limit) => {
                let count = limit.unwrap_or(TAIL);
                (first_of_last(&*store, &query, conditions, count).await?, count)
            }
        };
        let mut left = most;
        if let Some(begin) = begin {
            let mut events = Events::new(&*store, query.from_id(begin), conditions);
            while left > 0
                && let Some(event) = events.next().await?
            {
                events::print(out, &event)?;
                left -= 1;
            }
        }
        // Without `--after` the limit is about what there is, not about what comes.
        if self.follow && (self.after.is_none() || left > 0) {
            let most = self.after.map_or(u64::MAX, |_| left);
            self.follow(store, out, head.max(Id(self.after.unwrap_or(0))), most).await?;
        }
        Ok(Exit::Done)
    }

    async fn follow(
        &self,
        store: Arc<dyn Store>,
        out: &mut Out,
        after: Id,
        most: u64,
    ) -> Result<(), Failure> {
        out.flush()?;
        let app = App::new(store).start().await?;
        let mut events = app.subscribe(self.filter.query(), after)?;
        let mut left = most;
        while left > 0
            && let Some(event) = events.next().await
        {
            match event {
                Ok(event) if Condition::all_hold(&self.filter.conditions, &event) => {
                    events::print(out, &event)?;
                    out.flush()?;
                    left -= 1;
                }
                Ok(_) => {}
                // The log is another one: what would come is not what follows.
                Err(error @ Error::Ahead { .. }) => return Err(error.into()),
                Err(error) => {
                    eprintln!("actum: {}; trying again", plain::text(&told_once(&error)));
                }
            }
        }
        Ok(())
    }
}

/// The id of the first of the last events.
async fn first_of_last(
    store: &dyn Store,
    query: &Query,
    conditions: &[Condition],
    count: u64,
) -> Result<Option<Id>, Failure> {
    let mut query = query.clone().backward();
    if conditions.is_empty() {
        query = query.limit(count).without_meta();
    }
    let mut events = Events::new(store, query, conditions);
    let (mut first, mut left) = (None, count);
    while left > 0
        && let Some(event) = events.next().await?
    {
        (first, left) = (Some(event.id), left - 1);
    }
    Ok(first)
}
