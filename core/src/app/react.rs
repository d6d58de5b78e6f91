//! Runs a reaction: one process at a time holds its lease and does the work, the others wait.
//!
//! All that is to be remembered is a view of the store, `reaction/<name>`: its checkpoint, the
//! streams set aside, the timers. Only the holder of the lease writes it, and the store refuses a
//! holder that has been followed by another.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::{Notify, watch};

use crate::{
    Error, Id, Reaction, Result,
    app::{App, Inner, task::Stop},
    clock::{Clock, Ids, System},
    model::ReactionModel,
    reaction::{Policy, Reactor},
    store::{Lease, Query, Store, ViewId},
};

mod health;
mod holder;
mod job;
mod lane;
mod parked;
mod request;
mod start;
mod timer;
mod window;

pub use health::{ReactionHealth, ReactionState};
pub use parked::{Parked, ParkedStream, ParkedWhat};
pub use request::Edit;

pub(super) use health::{Status, all as health};
#[cfg(feature = "cli")]
pub(crate) use parked::ask;
pub(crate) use parked::list;
pub(super) use parked::{cancel, edit};
pub(super) use start::begin;
pub(crate) use timer::{Timer, timer_key};

use holder::{Ended, Holder};

/// How often a process without the lease asks for it.
const STANDBY: Duration = Duration::from_secs(1);

/// How long is waited at most between two tries while the store fails.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A reaction at work, seen from outside.
pub(super) struct Registered {
    pub(super) name: &'static str,
    pub(super) view: ViewId,
    pub(super) status: watch::Receiver<Status>,
    /// Lets the worker look for requests.
    pub(super) nudge: Arc<Notify>,
}

/// How the names of all views of reactions begin.
pub(crate) const VIEWS: &str = "reaction/";

/// The view that keeps what a reaction must remember; no projection has the version 0.
pub(super) fn view(name: &str) -> ViewId {
    ViewId { name: format!("{VIEWS}{name}").into(), version: 0 }
}

/// Prepares a reaction; it starts when it is given the app.
pub(super) fn prepare<R: Reaction>(
    reaction: Arc<R>,
    model: &ReactionModel,
) -> (Registered, impl FnOnce(&App) + use<R>) {
    let (sender, status) = watch::channel(Status::default());
    let nudge = Arc::new(Notify::new());
    let view = view(R::NAME);
    let registered =
        Registered { name: R::NAME, view: view.clone(), status, nudge: Arc::clone(&nudge) };
    let from = model.takes.iter().map(|takes| takes.from.clone()).collect();
    let start = move |app: &App| {
        let worker = Worker {
            app: Arc::downgrade(&app.0),
            reaction,
            store: Arc::clone(&app.0.store),
            clock: Arc::clone(&app.0.clock),
            holder: System.id(),
            view,
            from,
            status: sender,
            nudge,
        };
        app.0.tasks.spawn(Arc::new(worker).run(app.0.tasks.stopping()));
    };
    (registered, start)
}

/// What a process needs to run a reaction, with the lease and without.
struct Worker<R> {
    app: Weak<Inner>,
    reaction: Arc<R>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// Names this worker among all that ask for the lease.
    holder: String,
    view: ViewId,
    /// For each handler the aggregates whose events it takes; empty for any.
    from: Vec<Vec<&'static str>>,
    status: watch::Sender<Status>,
    nudge: Arc<Notify>,
}

impl<R: Reaction> Worker<R> {
    const POLICY: Policy = R::POLICY;

    async fn run(self: Arc<Self>, mut stop: Stop) {
        let mut failures = 0;
        while !stop.is_wanted() {
            let pause = match self.work(&mut stop).await {
                Ok(Ended::Stopped) => break,
                Ok(Ended::Lost) => {
                    failures = 0;
                    self.stand_by();
                    STANDBY.min(Self::POLICY.lease / 4)
                }
                Err(Error::Fenced { .. } | Error::Stale { .. }) => {
                    tracing::info!(reaction = R::NAME, "the reaction has gone to another worker");
                    failures = 0;
                    self.stand_by();
                    continue;
                }
                Err(error @ (Error::Ahead { .. } | Error::Document { .. })) => {
                    return self.stopped(error);
                }
                Err(error) => {
                    failures += 1;
                    self.failing(error, failures)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.wanted() => break,
            }
        }
        tracing::debug!(reaction = R::NAME, "the reaction has been shut down");
    }

    /// Asks for the lease and works for as long as it holds.
    async fn work(self: &Arc<Self>, stop: &mut Stop) -> Result<Ended> {
        let Some(lease) = self.acquire().await? else { return Ok(Ended::Lost) };
        tracing::info!(reaction = R::NAME, token = lease.token, "the reaction runs here");
        let mut holder = Holder::load(Arc::clone(self), lease).await?;
        let ended = holder.run(stop).await;
        // Whoever waits for it need not wait until it runs out; a lease that is lost is left alone.
        let lease = holder.end().await;
        self.store.release(&lease).await?;
        ended
    }

    async fn acquire(&self) -> Result<Option<Lease>> {
        let (now, ttl) = (self.clock.now(), Self::POLICY.lease);
        self.store.acquire(&self.view.name, &self.holder, now, ttl).await
    }

    /// Which handler takes an event.
    fn reactor(&self, name: &str, category: &str) -> Option<&'static Reactor<R>> {
        let takes = |from: &Vec<&str>| from.is_empty() || from.contains(&category);
        let mut reactors = R::HANDLERS.iter().zip(&self.from);
        reactors.find(|(one, from)| one.event.name == name && takes(from)).map(|(one, _)| one)
    }

    fn stand_by(&self) {
        self.status.send_modify(|status| status.state = ReactionState::Standby);
    }

    fn stopped(&self, error: Error) {
        tracing::error!(reaction = R::NAME, %error, "the reaction has stopped");
        let since = self.clock.now();
        let error = Arc::new(error);
        self.status.send_modify(|status| status.state = ReactionState::Stopped { since, error });
    }

    fn failing(&self, error: Error, failures: u32) -> Duration {
        tracing::warn!(reaction = R::NAME, %error, failures, "the reaction tries again");
        let now = self.clock.now();
        self.status.send_modify(|status| {
            let since = match &status.state {
                ReactionState::Retrying { since, .. } => *since,
                _ => now,
            };
            let error = Arc::new(error);
            status.state = ReactionState::Retrying { since, failures, error };
        });
        let most = STANDBY.saturating_mul(1 << failures.min(7)).min(LONGEST_PAUSE);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// Of all events a query asks for, those that a reaction takes.
fn query<R: Reaction>(query: Query) -> Query {
    R::HANDLERS.iter().fold(query, |query, reactor| query.name(reactor.event.name))
}

/// Up to where everything is settled or set aside.
pub(super) async fn settled(app: &App, registered: &Registered, id: Id) -> Result<()> {
    let mut status = registered.status.clone();
    loop {
        {
            let seen = status.borrow_and_update();
            if seen.seen >= id {
                return Ok(());
            }
            if let ReactionState::Stopped { error, .. } = &seen.state {
                let (at, source) = (seen.seen, Arc::clone(error));
                return Err(Error::ReactionStopped { reaction: registered.name, at, source });
            }
        }
        // Where another process runs it, only the store can tell.
        tokio::select! {
            changed = status.changed() => {
                changed.map_err(|_| Error::Closed { what: "the app" })?;
            }
            () = tokio::time::sleep(STANDBY / 4) => {
                let elsewhere = matches!(status.borrow().state, ReactionState::Standby);
                if elsewhere && app.0.store.checkpoint(&registered.view).await? >= id {
                    return Ok(());
                }
            }
        }
    }
}
