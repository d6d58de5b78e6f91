//! One worker: takes the right to the work, reads the log behind its checkpoint, folds, commits,
//! waits for more.
//!
//! Documents and checkpoint commit together, only on top of the checkpoint they were read at, and
//! only with the newest lease. So a crash repeats nothing and loses nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tracing::Instrument;

use super::{
    build::Build,
    fold::{self, Fold, Folded},
    right::{Hold, Right},
    status::{Pace, Status},
};
use crate::{
    Error, Id, Projection, Result,
    app::{health::ProjectionState, task::Stop},
    measure,
    store::{Pages, ViewCommit, ViewId},
    trace,
};

mod ranges;

/// How long a projection folds at most before it commits.
const COMMIT_AFTER: Duration = Duration::from_millis(500);

/// How far the seen may run ahead of the stored checkpoint while nothing concerns the projection.
pub(crate) const FOREIGN: u64 = 1_000;

/// How soon the log is looked at again even if nothing wakes the projection; longer each time.
pub(crate) const POLL: Duration = Duration::from_millis(100);

/// How long a projection waits at most until it looks at the log.
const LATEST: Duration = Duration::from_secs(1);

/// How long a projection waits at most after a failure of the store.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A worker on one projection, or on one partition of it.
pub(super) struct Follower<P> {
    pub(super) fold: Fold,
    pub(super) right: Right,
    pub(super) build: Build,
    pub(super) status: watch::Sender<Status>,
    /// Wakes it when what is stored was changed from outside.
    pub(super) changed: Arc<Notify>,
    /// How often that has happened.
    pub(super) generation: Arc<AtomicU64>,
    /// The documents; `None` when they must be read again.
    pub(super) folded: Option<Folded<P>>,
    /// How often the build had begun anew when the documents were read.
    pub(super) begun: u64,
    /// How many ids a range has that is folded beside others.
    pub(super) range: u64,
    /// Whether a range could not be folded or merged, so that all is folded event by event.
    pub(super) in_order: bool,
}

/// How a look at the log has ended.
enum Pass {
    /// The log is folded up to its head.
    Done(Found),
    /// Another worker does it.
    Standby,
}

/// Whether the log had grown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Something,
    Nothing,
}

/// How long to wait for a wake-up after so many looks at the log that found nothing.
pub(crate) fn idle_pause(idle: u32) -> Duration {
    POLL.saturating_mul(1 << idle.min(4)).min(LATEST)
}

impl<P: Projection> Follower<P> {
    pub(super) async fn run(mut self, mut stop: Stop) {
        self.work(&mut stop).await;
        // What is folded but not stored is folded again by the next one.
        self.right.release().await;
        tracing::debug!(view = %self.fold.view, "the projection has been shut down");
    }

    async fn work(&mut self, stop: &mut Stop) {
        let mut watch = self.fold.store.watch();
        let (mut failures, mut idle) = (0, 0);
        let changed = Arc::clone(&self.changed);
        while !stop.is_wanted() {
            let pass = tokio::select! {
                pass = self.pass() => pass,
                () = stop.wanted() => return,
            };
            let (pause, wakes) = match pass {
                Ok(Pass::Done(found)) => {
                    failures = 0;
                    idle = if found == Found::Nothing { idle + 1 } else { 0 };
                    (idle_pause(idle), true)
                }
                Ok(Pass::Standby) => {
                    failures = 0;
                    (self.standby_pause(), false)
                }
                Err(Error::Stale { .. } | Error::Fenced { .. }) => {
                    self.folded = None;
                    continue;
                }
                Err(error) if is_final(&error) => {
                    self.stopped(error);
                    (Duration::MAX, false)
                }
                Err(error) => {
                    failures += 1;
                    (self.failing(error, failures), false)
                }
            };
            tokio::select! {
                _ = watch.grown(), if wakes => {}
                () = tokio::time::sleep(pause) => {}
                () = changed.notified() => self.folded = None,
                () = stop.wanted() => return,
            }
        }
    }

    /// Folds up to the head of the log, if it is this worker's turn.
    async fn pass(&mut self) -> Result<Pass> {
        let mut head = self.fold.store.head().await?;
        let has_seen = |folded: &Folded<P>| folded.seen == head;
        if self.build.serves() && self.folded.as_ref().is_some_and(has_seen) {
            return Ok(Pass::Done(Found::Nothing));
        }
        match self.right.hold().await? {
            Hold::Kept => {}
            Hold::Won => self.folded = None,
            Hold::Lost => {
                self.folded = None;
                self.stands_by().await?;
                return Ok(Pass::Standby);
            }
        }
        // Taken out: what a failure leaves behind is read again.
        let mut folded = if let Some(folded) = self.folded.take() {
            folded
        } else {
            let generation = self.generation.load(SeqCst);
            self.begun = self.build.begun().await?;
            let folded = self.fold.read().await?;
            // Read after the checkpoint, it is never below it, unless the log is another.
            head = self.fold.store.head().await?;
            self.begins(folded.seen, generation);
            folded
        };
        if folded.seen > head {
            let (view, checkpoint) = (self.fold.view.to_string(), folded.seen);
            return Err(Error::Ahead { view, checkpoint, head });
        }
        if folded.seen < head {
            let span = trace::project(P::NAME, folded.seen);
            self.catch_up(&mut folded, head).instrument(span).await?;
            folded.seen = head;
        }
        let serves = self.build.serves();
        let most = if serves { FOREIGN } else { 1 };
        if folded.documents.has_changed() || folded.seen.0 - folded.stored.0 >= most {
            self.commit(&mut folded).await?;
        }
        if !serves {
            self.build.reached(self.fold.partition, self.begun).await?;
            if self.build.begun().await? != self.begun {
                return Err(stale(&self.fold.view, folded.stored));
            }
        }
        self.in_order = false;
        let seen = folded.seen;
        self.folded = Some(folded);
        self.runs(seen);
        Ok(Pass::Done(Found::Something))
    }

    async fn catch_up(&mut self, folded: &mut Folded<P>, head: Id) -> Result<()> {
        self.catch_up_in_ranges(folded, head).await?;
        let pace = Pace::from(folded.seen);
        let slice = self.slice();
        let mut pages: Option<Pages> = None;
        let mut until = Instant::now() + slice;
        while folded.seen < head {
            let reading = pages.get_or_insert_with(|| {
                let query = fold::query::<P>().after(folded.seen).to_id(head);
                self.fold.store.read(query)
            });
            let Some(found) = reading.next().await else { break };
            let found = found?;
            if let Some(next) = found.first() {
                self.lags(head, next.id, next.created);
            }
            let mut events = found.into_iter();
            while events.len() > 0 {
                // A read may hold a connection: a worker that needed a second one while it has
                // that could wait for others that do the same, for ever.
                self.fold.fold(folded, &mut events, until, || pages = None).await?;
                if Instant::now() < until && !folded.documents.is_full() {
                    continue;
                }
                pages = None;
                self.commit(folded).await?;
                self.shows(folded.seen, pace.rate(folded.seen));
                until = Instant::now() + slice;
            }
        }
        if let Some(rate) = pace.rate(head) {
            self.status.send_if_modified(|status| {
                status.rate = Some(rate);
                false
            });
        }
        Ok(())
    }

    /// How long it works at most until it commits: a lease must not run out over a batch.
    fn slice(&self) -> Duration {
        COMMIT_AFTER.min(self.right.ttl / 4)
    }

    /// Shows how far it is, and how fast.
    fn shows(&self, seen: Id, rate: Option<f64>) {
        self.status.send_modify(|status| (status.seen, status.rate) = (seen, rate));
    }

    /// Stores what has changed, under a lease that still has time.
    async fn commit(&mut self, folded: &mut Folded<P>) -> Result<()> {
        if self.right.hold().await? != Hold::Kept {
            // Another has had the right since: what it did is read again.
            return Err(stale(&self.fold.view, folded.stored));
        }
        let commit = ViewCommit {
            view: self.fold.view.clone(),
            from: folded.stored,
            to: folded.seen,
            documents: folded.documents.changes()?,
            lease: self.right.lease.clone(),
        };
        self.fold.store.commit(commit).await?;
        folded.stored = folded.seen;
        folded.documents.stored();
        Ok(())
    }

    /// Tells how far it is behind, before it folds the next event.
    fn lags(&self, head: Id, next: Id, created: Timestamp) {
        let age = self.right.clock.now().duration_since(created).as_secs_f64();
        measure::lag("projection", P::NAME, head.0 - next.0 + 1, age.max(0.0));
    }

    /// Notes what was read; a stop that lies before a change from outside is over.
    fn begins(&self, seen: Id, generation: u64) {
        self.status.send_modify(|status| {
            if status.generation != generation {
                status.state = ProjectionState::Running;
            }
            (status.seen, status.generation) = (seen, generation);
        });
    }

    fn runs(&self, seen: Id) {
        measure::lag("projection", P::NAME, 0, 0.0);
        self.status.send_if_modified(|status| {
            let news = status.seen != seen || !matches!(status.state, ProjectionState::Running);
            status.seen = seen;
            status.state = ProjectionState::Running;
            news
        });
    }

    /// Notes how far another worker is.
    async fn stands_by(&self) -> Result<()> {
        let generation = self.generation.load(SeqCst);
        let seen = self.fold.store.checkpoint(&self.fold.view).await?;
        self.build.look().await?;
        self.status.send_if_modified(|status| {
            let news = status.seen != seen || !matches!(status.state, ProjectionState::Standby);
            (status.seen, status.generation) = (seen, generation);
            status.state = ProjectionState::Standby;
            news
        });
        Ok(())
    }

    /// How long a worker that stands by waits before it tries again.
    fn standby_pause(&self) -> Duration {
        (self.right.ttl / 4).clamp(Duration::from_millis(5), COMMIT_AFTER)
    }

    fn stopped(&self, error: Error) {
        tracing::error!(view = %self.fold.view, %error, "the projection has stopped");
        let since = self.right.clock.now();
        let error = Arc::new(error);
        self.status.send_modify(|status| status.state = ProjectionState::Stopped { since, error });
    }

    fn failing(&self, error: Error, failures: u32) -> Duration {
        tracing::warn!(view = %self.fold.view, %error, failures, "the projection tries again");
        let now = self.right.clock.now();
        self.status.send_modify(|status| {
            let since = match &status.state {
                ProjectionState::Retrying { since, .. } => *since,
                _ => now,
            };
            let error = Arc::new(error);
            status.state = ProjectionState::Retrying { since, failures, error };
        });
        let most = POLL.saturating_mul(1 << failures.min(7)).min(LONGEST_PAUSE);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// What was read is no longer what is stored.
fn stale(view: &ViewId, at: Id) -> Error {
    Error::Stale { view: view.to_string(), expected: at, actual: at }
}

/// Whether trying again would end the same way.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::Decode { .. }
            | Error::Panicked { .. }
            | Error::Ahead { .. }
            | Error::InvalidKey { .. }
            | Error::Encode { .. }
    )
}
