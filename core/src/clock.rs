//! Where time and new ids come from, so that tests can drive both.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::BoxFuture;

/// The longest sleep at a stretch: a clock that was put right meanwhile is looked at again.
const STRETCH: Duration = Duration::from_mins(1);

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> Timestamp;

    /// Waits until a time has come.
    ///
    /// Unless it is written anew this sleeps for as long as the clock says is left, which is right
    /// for every clock that runs as fast as the system's.
    fn until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while let Ok(left) = Duration::try_from(time.duration_since(self.now()))
                && !left.is_zero()
            {
                // A timer of tokio counts whole milliseconds.
                tokio::time::sleep(left.min(STRETCH)).await;
            }
        })
    }
}

/// Makes ids that nobody else makes, for correlations.
pub trait Ids: Send + Sync + 'static {
    /// A new id.
    fn id(&self) -> String;
}

/// The clock of the system and random ids (UUID version 7).
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Ids for System {
    fn id(&self) -> String {
        Uuid::now_v7().to_string()
    }
}

/// A time in whole microseconds, which is what all stores keep.
pub(crate) fn whole_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
