//! Folds a large part of the log in ranges beside each other, and hands over what they come to in
//! the order of the log.
//!
//! What must stay true: each range begins with empty documents; together they leave no id out; and
//! none of them stores anything: that is the right of the worker.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::task::{JoinError, JoinHandle};

use super::{
    documents::{Cache, Documents, Slot},
    fold::{self, Fold, Folded, message},
};
use crate::{Error, Id, Projection, Result};

/// How many ranges are folded at once: as many as there are processors, but no fewer and no more.
const AT_ONCE: (usize, usize) = (2, 8);

/// Longer than any range takes: a range is folded in one go.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// A part of the log, cut into ranges.
pub(super) struct Ranges<P> {
    fold: Fold,
    /// Up to where ranges were begun.
    begun: Id,
    end: Id,
    /// How many ids a range has.
    length: u64,
    at_once: usize,
    running: VecDeque<Running<P>>,
}

/// What one range has come to.
pub(super) struct Range<P> {
    /// From empty documents.
    pub(super) folded: Folded<P>,
    /// When its first event was stored.
    pub(super) oldest: Option<Timestamp>,
}

/// A range at work; dropping it cuts it off.
struct Running<P>(JoinHandle<Result<Range<P>>>);

impl<P: Projection> Ranges<P> {
    /// Cuts what lies behind `after` up to `end` into ranges.
    pub(super) fn new(fold: Fold, after: Id, end: Id, length: u64) -> Self {
        let (fewest, most) = AT_ONCE;
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let at_once = processors.clamp(fewest, most);
        Self { fold, begun: after, end, length, at_once, running: VecDeque::new() }
    }

    /// What the next range has come to. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Result<Range<P>>> {
        while self.begun < self.end && self.running.len() < self.at_once {
            let to = Id(self.begun.0.saturating_add(self.length).min(self.end.0));
            let range = fold_range::<P>(self.fold.clone(), self.begun, to);
            self.running.push_back(Running(tokio::spawn(range)));
            self.begun = to;
        }
        let Running(first) = self.running.front_mut()?;
        let ended = first.await;
        self.running.pop_front();
        Some(ended.unwrap_or_else(|error| Err(self.broken(error))))
    }

    /// A task that ended without an outcome.
    fn broken(&self, error: JoinError) -> Error {
        match error.try_into_panic() {
            Ok(panic) => {
                let view = self.fold.view.to_string();
                Error::Panicked { view, id: self.begun, message: message(panic.as_ref()) }
            }
            Err(_) => Error::Closed { what: "the app" },
        }
    }
}

impl<P> Drop for Running<P> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Folds what lies behind `after` up to `to` into empty documents.
async fn fold_range<P: Projection>(fold: Fold, after: Id, to: Id) -> Result<Range<P>> {
    let documents = if P::KEYED {
        Documents::Each(Cache::new(true))
    } else {
        Documents::One(Slot::new(Some(P::default())))
    };
    let mut folded = Folded { documents, stored: after, seen: after };
    let mut oldest = None;
    let until = Instant::now() + FOR_EVER;
    let mut pages = fold.store.read(fold::query::<P>().after(after).to_id(to));
    while let Some(page) = pages.next().await {
        let page = page?;
        oldest = oldest.or_else(|| page.first().map(|event| event.created));
        let mut events = page.into_iter();
        while events.len() > 0 {
            fold.fold(&mut folded, &mut events, until, || {}).await?;
        }
    }
    folded.seen = to;
    Ok(Range { folded, oldest })
}
