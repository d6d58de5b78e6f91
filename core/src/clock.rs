//! Where time and new ids come from, so that tests can drive both.

use jiff::Timestamp;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present time.
    fn now(&self) -> Timestamp;
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
