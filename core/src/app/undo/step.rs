//! The steps of a stream, the newest first: what was stored together is one step.

use crate::{
    Committed, Feed, Result, StreamId, Version,
    store::{Query, Store},
};

/// The events of one step, in their order.
pub(super) struct Step {
    pub(super) events: Vec<Committed>,
}

/// What a step is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An action, or events from elsewhere.
    Act,
    /// It takes another back.
    Undo,
    /// It brings back what was taken back.
    Redo,
}

impl Step {
    pub(super) fn kind(&self) -> Kind {
        let has = |field: fn(&Committed) -> Option<Version>| {
            self.events.iter().any(|event| field(event).is_some())
        };
        match (has(|event| event.meta.undoes()), has(|event| event.meta.redoes())) {
            (_, true) => Kind::Redo,
            (true, false) => Kind::Undo,
            (false, false) => Kind::Act,
        }
    }
}

/// Reads steps, from a version of the stream backwards.
pub(super) struct Steps {
    feed: Feed<Committed>,
    /// The last event of the next step.
    next: Option<Committed>,
}

impl Steps {
    pub(super) fn new(store: &dyn Store, stream: StreamId, version: Version) -> Self {
        let query = Query::stream(stream).to_version(version).backward();
        Self { feed: Feed::new(store.read(query)), next: None }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Step>> {
        let last = match self.next.take() {
            Some(event) => event,
            None => match self.feed.next().await {
                Some(event) => event?,
                None => return Ok(None),
            },
        };
        let mut events = vec![last];
        while let Some(last) = events.first()
            && (events.len() as u64) < last.meta.together()
        {
            match self.feed.next().await.transpose()? {
                Some(event) if are_together(&event, last) => events.push(event),
                // A copy of the log has left a part of the step out.
                other => {
                    self.next = other;
                    break;
                }
            }
        }
        events.reverse();
        Ok(Some(Step { events }))
    }
}

/// Whether two neighbours can be of one step.
fn are_together(one: &Committed, other: &Committed) -> bool {
    let (one, other) = (one.meta.fields(), other.meta.fields());
    one.together == other.together
        && one.correlation == other.correlation
        && one.causation == other.causation
}
