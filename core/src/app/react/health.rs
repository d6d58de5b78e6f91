//! How the reactions of an app fare.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Registered, parked, timer};
use crate::{Error, Id, Result, app::App, store::Query};

/// How a reaction fares.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReactionHealth {
    /// Its name.
    pub name: &'static str,
    /// Up to where every event is settled or set aside.
    pub seen: Id,
    /// How many ids it is behind: at most so many events.
    pub lag: u64,
    /// How long the oldest event behind `seen` has been there; `None` when there is none, or when
    /// the log cannot be read.
    pub lag_time: Option<Duration>,
    /// How many streams and timers are parked: they need a person.
    pub parked: usize,
    /// How many streams wait for another try; known where the reaction runs.
    pub waiting: usize,
    /// How many timers wait for their time; one that is cancelled counts until then.
    pub timers: u64,
    /// Whether it runs, and where.
    pub state: ReactionState,
}

/// Whether a reaction runs, and where.
#[derive(Clone, Debug, Default)]
pub enum ReactionState {
    /// This process does not have its lease: another runs it, or none yet.
    #[default]
    Standby,
    /// It runs in this process.
    Running,
    /// The store failed; it tries again by itself.
    Retrying {
        /// Since when it has failed.
        since: Timestamp,
        /// How often in a row.
        failures: u32,
        /// The latest error.
        error: Arc<Error>,
    },
    /// It cannot go on.
    Stopped {
        /// Since when.
        since: Timestamp,
        /// Why.
        error: Arc<Error>,
    },
}

/// What a worker shows.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Status {
    pub(super) seen: Id,
    pub(super) parked: usize,
    pub(super) waiting: usize,
    pub(super) timers: u64,
    pub(super) state: ReactionState,
}

impl ReactionHealth {
    /// Whether it works, here or elsewhere, and nothing is parked.
    pub fn is_well(&self) -> bool {
        self.parked == 0 && matches!(self.state, ReactionState::Running | ReactionState::Standby)
    }
}

/// The health of all reactions, in the order in which the app was built.
pub(in crate::app) async fn all(app: &App, head: Id) -> Result<Vec<ReactionHealth>> {
    let mut all = Vec::new();
    for model in &app.0.model.reactions {
        let registered = app.0.reactions.values().find(|one| one.name == model.name);
        if let Some(registered) = registered {
            all.push(of(app, registered, head).await?);
        }
    }
    Ok(all)
}

async fn of(app: &App, registered: &Registered, head: Id) -> Result<ReactionHealth> {
    let mut status = registered.status.borrow().clone();
    if !matches!(status.state, ReactionState::Running) {
        // What is stored is right wherever the reaction runs.
        status.seen = app.0.store.checkpoint(&registered.view).await?;
        status.parked = parked::list(&*app.0.store, registered.name).await?.len();
        status.waiting = 0;
        status.timers = timer::count(&*app.0.store, &registered.view).await?;
    }
    let Status { seen, parked, waiting, timers, state } = status;
    let lag = head.0.saturating_sub(seen.0);
    let lag_time = if lag == 0 { None } else { age(app, registered.name, seen).await };
    let name = registered.name;
    Ok(ReactionHealth { name, seen, lag, lag_time, parked, waiting, timers, state })
}

/// How long the oldest event behind an id has been there.
async fn age(app: &App, reaction: &str, seen: Id) -> Option<Duration> {
    let query = Query::all().after(seen).limit(1).without_meta();
    // A log that cannot be read must not hide how the reaction fares.
    let oldest = app.read(query).next().await.transpose().unwrap_or_else(|error| {
        tracing::warn!(reaction, %error, "cannot tell the lag");
        None
    })?;
    let age = app.0.clock.now().duration_since(oldest.created);
    Some(Duration::try_from(age).unwrap_or_default())
}
