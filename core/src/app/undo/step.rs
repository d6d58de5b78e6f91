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

/// How many events are read first: mostly one is enough, and a page of a store may be large.
const FIRST: u64 = 8;

/// How many events are read at once at most.
const MOST: u64 = 4096;

/// Reads steps, from a version of the stream backwards.
pub(super) struct Steps<'a> {
    store: &'a dyn Store,
    stream: &'a StreamId,
    feed: Feed<Committed>,
    /// The version below what has been read.
    below: Version,
    /// Up to which version the feed goes.
    end: Version,
    /// How many events the next feed has.
    size: u64,
    /// The last event of the next step.
    next: Option<Committed>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(store: &'a dyn Store, stream: &'a StreamId, version: Version) -> Self {
        let feed = Feed::new(Box::pin(futures_util::stream::empty()));
        Self { store, stream, feed, below: version, end: version, size: FIRST, next: None }
    }

    /// The event before; read in portions that grow.
    async fn event(&mut self) -> Result<Option<Committed>> {
        loop {
            if let Some(event) = self.feed.next().await.transpose()? {
                self.below = Version(event.version.0.saturating_sub(1));
                return Ok(Some(event));
            }
            // Nothing is below the first version, or below the first that a store still has.
            if self.below > self.end || self.below == Version(0) {
                return Ok(None);
            }
            self.end = Version(self.below.0.saturating_sub(self.size));
            let query = Query::stream(self.stream.clone())
                .from_version(self.end.next())
                .to_version(self.below)
                .backward();
            self.feed = Feed::new(self.store.read(query));
            self.size = (self.size * 8).min(MOST);
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Step>> {
        let last = match self.next.take() {
            Some(event) => event,
            None => match self.event().await? {
                Some(event) => event,
                None => return Ok(None),
            },
        };
        let mut events = vec![last];
        while let Some(last) = events.first()
            && (events.len() as u64) < last.meta.together()
        {
            match self.event().await? {
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
