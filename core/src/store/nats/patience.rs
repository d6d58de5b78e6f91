//! How long the cluster is asked again before the caller hears that it does not answer.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(500);

/// Ever longer pauses, up to a deadline.
#[derive(Debug)]
pub(super) struct Patience {
    deadline: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(total: Duration) -> Self {
        Self { deadline: Instant::now() + total, pause: FIRST }
    }

    /// Waits a little; `false` once the time is over.
    pub(super) async fn more(&mut self) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        sleep(self.pause.mul_f64(0.5 + fastrand::f64())).await;
        self.pause = (self.pause * 2).min(LONGEST);
        true
    }

    /// Begins with short pauses again: there is progress.
    pub(super) fn renew(&mut self) {
        self.pause = FIRST;
    }
}
