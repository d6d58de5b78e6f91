//! Time and ids that a test decides.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};

use crate::{Clock, Ids};

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
pub struct FakeClock(Arc<std::sync::Mutex<Timestamp>>);

impl FakeClock {
    /// Shows this time.
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(std::sync::Mutex::new(time)))
    }

    /// Moves to this time, forward or backward.
    pub fn set(&self, time: Timestamp) {
        *self.lock() = time;
    }

    /// Moves forward; stops at the last time there is.
    pub fn advance(&self, by: std::time::Duration) {
        let mut time = self.lock();
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        *time = time.checked_add(by).unwrap_or(Timestamp::MAX);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.lock()
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
