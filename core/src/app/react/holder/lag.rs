//! How far a reaction is behind: in ids, and in the age of the oldest event that is not settled.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Holder;
use crate::{Committed, Id, Reaction, measure};

/// What is known of the events behind the checkpoint.
#[derive(Default)]
pub(super) struct Lag {
    /// Where the log ended when it was last looked at.
    head: Id,
    /// The events that were taken, and when they were stored, up to where all is settled.
    taken: VecDeque<(Id, Timestamp)>,
}

impl Lag {
    pub(super) fn looked(&mut self, head: Id) {
        self.head = self.head.max(head);
    }

    pub(super) fn took(&mut self, event: &Committed) {
        self.taken.push_back((event.id, event.created));
    }

    /// How many ids lie behind one that everything is settled up to, and the oldest event there.
    fn behind(&mut self, settled: Id) -> (u64, Option<Timestamp>) {
        while self.taken.front().is_some_and(|(id, _)| *id <= settled) {
            self.taken.pop_front();
        }
        let oldest = self.taken.front().map(|(_, created)| *created);
        (self.head.0.saturating_sub(settled.0), oldest)
    }
}

impl<R: Reaction> Holder<R> {
    pub(super) fn tell_lag(&mut self, settled: Id) {
        let (events, oldest) = self.lag.behind(settled);
        let oldest = oldest.or_else(|| self.page.front().map(|event| event.created));
        let age = oldest.filter(|_| events > 0).map_or(0.0, |oldest| {
            self.worker.clock.now().duration_since(oldest).as_secs_f64().max(0.0)
        });
        measure::lag("reaction", R::NAME, events, age);
    }
}

/// Tells that this process has nothing to tell: the reaction runs elsewhere, or nowhere.
pub(super) fn silence(reaction: &'static str) {
    measure::lag("reaction", reaction, 0, 0.0);
    measure::parked(reaction, 0);
    measure::timers(reaction, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Log, Memory, Query};
    use futures_util::StreamExt;

    #[tokio::test]
    async fn the_oldest_event_that_is_not_settled_tells_the_age() {
        let memory = Memory::new();
        for stream in ["Cart-1", "Cart-2", "Cart-1"] {
            let event =
                crate::store::NewEvent::new("Counted", crate::Json::from_text("{}").unwrap());
            let stream = stream.parse().unwrap();
            let batch = crate::store::Batch::new(stream, crate::store::Expected::Any, vec![event]);
            memory.append(batch).await.unwrap();
        }
        let log = memory.read(Query::all()).next().await.unwrap().unwrap();
        let mut lag = Lag::default();
        lag.looked(Id(5));
        for event in &log {
            lag.took(event);
        }
        assert_eq!(lag.behind(Id(0)), (5, Some(log[0].created)));
        assert_eq!(lag.behind(Id(2)), (3, Some(log[2].created)));
        assert_eq!(lag.behind(Id(3)), (2, None));
        assert_eq!(lag.behind(Id(5)), (0, None));
    }
}
