//! Time and ids that a test decides.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::{Clock, Ids, store::BoxFuture};

/// A clock that stands still until it is moved; clones show the same time.
///
/// ```
/// use std::time::Duration;
///
/// use actum::{Clock, testing::FakeClock};
///
/// let clock = FakeClock::at("2024-06-01T14:23:00Z".parse()?);
/// clock.advance(Duration::from_mins(1));
/// assert_eq!(clock.now().to_string(), "2024-06-01T14:24:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<watch::Sender<Timestamp>>);

impl FakeClock {
    /// Shows this time.
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(time)))
    }

    /// Moves to this time, forward or backward.
    pub fn set(&self, time: Timestamp) {
        self.0.send_replace(time);
    }

    /// Moves forward; stops at the last time there is.
    pub fn advance(&self, by: std::time::Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.0.send_modify(|time| *time = time.checked_add(by).unwrap_or(Timestamp::MAX));
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    /// Waits until the clock is moved there.
    fn until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The sender cannot go while it is borrowed.
            let _ = self.0.subscribe().wait_for(|now| *now >= time).await;
        })
    }
}

/// Ids that count: `id-1`, `id-2`, …; clones go on counting together.
///
/// ```
/// use actum::{Ids, testing::CountedIds};
///
/// let ids = CountedIds::default();
/// assert_eq!((ids.id(), ids.id()), ("id-1".to_owned(), "id-2".to_owned()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CountedIds(Arc<AtomicU64>);

impl Ids for CountedIds {
    fn id(&self) -> String {
        format!("id-{}", self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
