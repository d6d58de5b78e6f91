//! The states in memory: one cell for each stream in use, bounded in number.
//!
//! A cell is never the truth. What it holds was the state at its version; whether that is still
//! the latest is for the append to check. Losing a cell costs a load.
//!
//! The cells lie in a `quick_cache`, chosen by measuring how an app asks for them
//! (`cargo bench -p actum --bench cache`; 10,000 cells, 2 cores, a loaded machine). A cell that is
//! there is found in 131 ns by one task, against 277 ns in an `lru` behind a mutex and 1,520 ns in
//! `moka`; 16 tasks on those cores spread too far to tell the first two apart (24 … 308 ns and
//! 136 … 516 ns). Where
//! four of five lookups go to 8,000 streams and the fifth to 200,000 others, it has the cell for 81
//! of 100, as `moka` does, `lru` for 67 of 100, and a cell that is missing costs a load.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::Mutex as Queue;

use crate::{
    Aggregate, Apply, Closed, Committed, Event, Id, Result, StreamClosed, StreamId, Version,
};

/// One stream's state in memory.
pub(super) struct Cell<A> {
    /// Actions on one stream queue for each other, and so do first loads.
    pub(super) queue: Queue<()>,
    held: Mutex<Option<Held<A>>>,
}

/// A state and where it stands.
pub(crate) struct Held<A> {
    pub(crate) state: Arc<A>,
    pub(crate) version: Version,
    /// The id of the last event; 0 for an empty stream.
    pub(crate) id: Id,
    /// The time of the last event, so that times never run backwards in a stream.
    pub(crate) created: Timestamp,
    /// Whether the last event is the one that closes the stream.
    pub(crate) closed: bool,
}

impl<A> Clone for Held<A> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), ..*self }
    }
}

impl<A: Aggregate> Held<A> {
    pub(super) fn empty() -> Self {
        Self {
            state: Arc::new(A::default()),
            version: Version(0),
            id: Id(0),
            created: Timestamp::MIN,
            closed: false,
        }
    }

    /// Notes where the state stands after an append.
    pub(super) fn stands(&mut self, version: Version, id: Id, created: Timestamp, closed: bool) {
        (self.version, self.id) = (version, id);
        (self.created, self.closed) = (created, closed);
    }

    /// Refuses to act on a stream that is closed.
    pub(super) fn is_open(&self, stream: &StreamId) -> Result<(), StreamClosed> {
        if self.closed {
            return Err(StreamClosed::new(stream.clone(), self.version, self.created));
        }
        Ok(())
    }

    /// Folds the next events of the stream into the state.
    pub(super) fn extend(&mut self, page: &[Committed]) -> Result<()> {
        let state = Arc::make_mut(&mut self.state);
        for event in page {
            if *event.name == *Closed::NAME {
                self.closed = true;
                continue;
            }
            event.decode_any::<A::Events>()?.apply(state);
        }
        if let Some(last) = page.last() {
            (self.version, self.id, self.created) = (last.version, last.id, last.created);
        }
        Ok(())
    }
}

impl<A> Cell<A> {
    pub(super) fn new() -> Self {
        Self { queue: Queue::new(()), held: Mutex::new(None) }
    }

    pub(super) fn get(&self) -> Option<Held<A>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a state unless a later one is there.
    pub(super) fn keep(&self, held: &Held<A>) {
        let mut slot = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_none_or(|kept| kept.version < held.version) {
            *slot = Some(held.clone());
        }
    }

    /// Changes the state in place if it is at this version.
    pub(super) fn advance(&self, from: Version, change: impl FnOnce(&mut Held<A>)) {
        let mut slot = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out first: a patch that panics must not leave half a state behind.
        if let Some(mut held) = slot.take() {
            if held.version == from {
                change(&mut held);
            }
            *slot = Some(held);
        }
    }

    pub(super) fn forget(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
