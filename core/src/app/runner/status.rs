//! What a worker lets others see of itself.

use std::time::Instant;

use crate::{Id, app::health::ProjectionState};

/// How far a projection, or one of its partitions, is, and what ails it.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// Up to where it has seen the log.
    pub(crate) seen: Id,
    pub(crate) state: ProjectionState,
    /// How many ids it goes through in a second, as last measured.
    pub(crate) rate: Option<f64>,
    /// How often what is stored had been changed from outside when the worker read it.
    pub(crate) generation: u64,
}

impl Status {
    pub(crate) const fn new() -> Self {
        Self { seen: Id(0), state: ProjectionState::Running, rate: None, generation: 0 }
    }
}

/// Measures how fast a worker goes through the log.
pub(crate) struct Pace {
    begun: Instant,
    from: Id,
}

impl Pace {
    pub(crate) fn from(from: Id) -> Self {
        Self { begun: Instant::now(), from }
    }

    /// Ids in a second, since the start.
    pub(crate) fn rate(&self, seen: Id) -> Option<f64> {
        let passed = self.begun.elapsed().as_secs_f64();
        let ids = seen.0.saturating_sub(self.from.0);
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let ids_float = ids as f64;
        (ids > 0 && passed > 0.0).then(|| ids_float / passed)
    }
}
