//! Runs one projection: reads the log behind its checkpoint, folds, commits, waits for more.
//!
//! The document and the checkpoint commit together, and only on top of the checkpoint they were
//! read at. So a crash repeats nothing and loses nothing, and of two processes that run the same
//! projection one is refused, reads again, and goes on from there.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use tokio::sync::watch;

use crate::{
    Committed, Error, Id, Json, Projection, Result,
    app::{builder::Context, health::ProjectionState, task::Stop},
    clock::Clock,
    store::{Document, Query, Store, ViewCommit, ViewId},
};

/// How long a projection folds at most before it commits.
const COMMIT_AFTER: Duration = Duration::from_millis(500);

/// How far the seen may run ahead of the stored checkpoint while nothing concerns the projection.
const FOREIGN: u64 = 1_000;

/// How often the log is looked at even if nothing wakes the projection.
const POLL: Duration = Duration::from_millis(100);

/// How long a projection waits at most after a failure of the store.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A projection at work, seen from outside.
pub(super) struct Runner {
    pub(super) view: ViewId,
    pub(super) status: watch::Receiver<Status>,
}

/// How far a projection is, and what ails it.
#[derive(Clone, Debug)]
pub(super) struct Status {
    /// Up to where it has seen the log.
    pub(super) seen: Id,
    pub(super) state: ProjectionState,
}

/// Starts a projection.
pub(super) fn start<P: Projection>(context: &Context<'_>) -> Runner {
    let view = ViewId { name: P::NAME.into(), version: P::VERSION };
    let (status, seen) = watch::channel(Status { seen: Id(0), state: ProjectionState::Running });
    let from = context.model.takes.iter().map(|takes| takes.from.clone()).collect();
    let follower = Follower::<P> {
        store: Arc::clone(context.store),
        clock: Arc::clone(context.clock),
        view: view.clone(),
        from,
        status,
        document: None,
    };
    let stop = context.tasks.stopping();
    context.tasks.spawn(follower.run(stop));
    Runner { view, status: seen }
}

struct Follower<P> {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    view: ViewId,
    /// For each handler the aggregates whose events it takes; empty for any.
    from: Vec<Vec<&'static str>>,
    status: watch::Sender<Status>,
    /// The document and the stored checkpoint; `None` when they must be read again.
    document: Option<Folded<P>>,
}

struct Folded<P> {
    state: P,
    /// The stored checkpoint.
    stored: Id,
    /// Up to where the log is folded into the state.
    seen: Id,
    /// Whether the state differs from the stored one.
    changed: bool,
}

impl<P: Projection> Follower<P> {
    async fn run(mut self, mut stop: Stop) {
        let mut watch = self.store.watch();
        let mut failures = 0;
        while !stop.is_wanted() {
            let caught_up = tokio::select! {
                caught_up = self.catch_up() => caught_up,
                () = stop.wanted() => break,
            };
            let pause = match caught_up {
                Ok(()) => {
                    failures = 0;
                    POLL
                }
                Err(Error::Stale { .. }) => {
                    self.document = None;
                    continue;
                }
                Err(
                    error @ (Error::Decode { .. } | Error::Panicked { .. } | Error::Ahead { .. }),
                ) => {
                    return self.stopped(error);
                }
                Err(error) => {
                    failures += 1;
                    self.failing(error, failures)
                }
            };
            tokio::select! {
                _ = watch.grown(), if failures == 0 => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.wanted() => break,
            }
        }
        // What is folded but not stored is folded again by the next one.
        tracing::debug!(view = %self.view, "the projection has been shut down");
    }

    /// Folds up to the head of the log.
    async fn catch_up(&mut self) -> Result<()> {
        let mut folded = match self.document.take() {
            Some(folded) => folded,
            None => self.read().await?,
        };
        // Read after the checkpoint, it is never below it, unless the log is another.
        let head = self.store.head().await?;
        if folded.seen > head {
            let (view, checkpoint) = (self.view.to_string(), folded.seen);
            return Err(Error::Ahead { view, checkpoint, head });
        }
        if folded.seen < head {
            self.fold(&mut folded, head).await?;
            folded.seen = head;
            if folded.changed || head.0 - folded.stored.0 >= FOREIGN {
                self.commit(&mut folded).await?;
            }
        }
        let seen = folded.seen;
        self.document = Some(folded);
        self.status.send_if_modified(|status| {
            let news = status.seen != seen || !matches!(status.state, ProjectionState::Running);
            *status = Status { seen, state: ProjectionState::Running };
            news
        });
        Ok(())
    }

    async fn read(&self) -> Result<Folded<P>> {
        let (stored, document) = self.store.document(&self.view, "").await?;
        let state = match document {
            None => P::default(),
            Some(json) => json
                .decode()
                .map_err(|source| Error::Document { view: self.view.to_string(), source })?,
        };
        Ok(Folded { state, stored, seen: stored, changed: false })
    }

    async fn fold(&self, folded: &mut Folded<P>, head: Id) -> Result<()> {
        let mut query = Query::all().after(folded.seen).to_id(head);
        for handler in P::HANDLERS {
            query = query.name(handler.event.name);
        }
        let mut pages = self.store.read(query);
        let mut begun = Instant::now();
        while let Some(page) = pages.next().await {
            let page = page?;
            self.fold_page(folded, page)?;
            if begun.elapsed() > COMMIT_AFTER {
                self.commit(folded).await?;
                let seen = folded.seen;
                self.status.send_modify(|status| status.seen = seen);
                begun = Instant::now();
            }
        }
        Ok(())
    }

    /// Folds a page; a handler that panics is an error that names the event.
    fn fold_page(&self, folded: &mut Folded<P>, page: Vec<Committed>) -> Result<()> {
        let mut at = folded.seen;
        let fold = AssertUnwindSafe(|| {
            for event in page {
                at = event.id;
                let handlers = P::HANDLERS.iter().zip(&self.from);
                let takes = |from: &Vec<&'static str>| {
                    from.is_empty() || from.contains(&event.stream.category())
                };
                let found = handlers
                    .into_iter()
                    .find(|(handler, from)| *handler.event.name == *event.name && takes(from));
                if let Some((handler, _)) = found {
                    (handler.call)(&mut folded.state, event)?;
                    folded.changed = true;
                }
            }
            Ok(())
        });
        match catch_unwind(fold) {
            Ok(done) => {
                folded.seen = at;
                done
            }
            Err(panic) => Err(Error::Panicked {
                view: self.view.to_string(),
                id: at,
                message: message(panic.as_ref()),
            }),
        }
    }

    async fn commit(&self, folded: &mut Folded<P>) -> Result<()> {
        let mut documents = Vec::new();
        if folded.changed {
            let data = Json::from_value(&folded.state)
                .map_err(|source| Error::Document { view: self.view.to_string(), source })?;
            documents.push(Document { key: String::new(), data: Some(data) });
        }
        let commit = ViewCommit {
            view: self.view.clone(),
            from: folded.stored,
            to: folded.seen,
            documents,
            lease: None,
        };
        self.store.commit(commit).await?;
        folded.stored = folded.seen;
        folded.changed = false;
        Ok(())
    }

    fn stopped(&self, error: Error) {
        tracing::error!(view = %self.view, %error, "the projection has stopped");
        let since = self.clock.now();
        let error = Arc::new(error);
        self.status.send_modify(|status| status.state = ProjectionState::Stopped { since, error });
    }

    fn failing(&self, error: Error, failures: u32) -> Duration {
        tracing::warn!(view = %self.view, %error, failures, "the projection tries again");
        let now = self.clock.now();
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

/// The text of a panic.
pub(super) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
