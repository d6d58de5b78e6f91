//! SQL projections at work: who follows the log for each, how far it is, and who waits for it.

use std::{any::TypeId, collections::HashMap, sync::Arc};

use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    App, Error, Id, Result, SqlProjection,
    app::{builder::Context, health::ProjectionState},
    store::ViewId,
};

mod follower;
mod projected;

pub use projected::Projected;

use follower::Follower;

/// How many requests to reset may wait.
const RESETS: usize = 8;

/// The SQL projections of an app, by their type.
pub(super) type Runners = HashMap<TypeId, Runner>;

/// A SQL projection at work, seen from outside.
pub(super) struct Runner {
    pub(super) view: ViewId,
    pub(super) status: watch::Receiver<Status>,
    resets: mpsc::Sender<Reset>,
}

/// How far a SQL projection is, and what ails it.
#[derive(Clone, Debug)]
pub(super) struct Status {
    /// Up to where it has seen the log; `None` before its tables are known to be there.
    pub(super) seen: Option<Id>,
    pub(super) state: ProjectionState,
    /// How many ids it goes through in a second, as last measured.
    pub(super) rate: Option<f64>,
}

impl Status {
    const fn new() -> Self {
        Self { seen: None, state: ProjectionState::Running, rate: None }
    }
}

/// Someone who wants the tables reset.
type Reset = oneshot::Sender<Result<()>>;

/// Starts a projection.
pub(super) fn start<P: SqlProjection>(
    projection: Arc<P>,
    tables: P::Store,
    context: &Context<'_>,
) -> Runner {
    let view = ViewId { name: P::NAME.into(), version: P::VERSION };
    let (status, seen) = watch::channel(Status::new());
    let (resets, wanted) = mpsc::channel(RESETS);
    let from = context.model.takes.iter().map(|takes| takes.from.clone()).collect();
    let follower = Follower {
        log: Arc::clone(context.store),
        tables,
        clock: Arc::clone(context.clock),
        projection,
        view: view.clone(),
        from,
        status,
        place: None,
        idle: 0,
    };
    let stop = context.tasks.stopping();
    context.tasks.spawn(follower.run(stop, wanted));
    Runner { view, status: seen, resets }
}

impl Runner {
    /// Waits until the tables are there and hold what came up to an id; how far they are.
    async fn seen(&self, id: Id) -> Result<Id> {
        let mut status = self.status.clone();
        let reached = status
            .wait_for(|status| {
                status.seen.is_some_and(|seen| seen >= id)
                    || matches!(status.state, ProjectionState::Stopped { .. })
            })
            .await
            .map_err(|_| Error::Closed { what: "the app" })?;
        match (&reached.state, reached.seen) {
            (_, Some(seen)) if seen >= id => Ok(seen),
            (ProjectionState::Stopped { error, .. }, seen) => Err(Error::ProjectionStopped {
                view: self.view.to_string(),
                at: seen.unwrap_or_default(),
                source: Arc::clone(error),
            }),
            _ => Err(Error::Closed { what: "the app" }),
        }
    }

    pub(super) async fn reset(&self) -> Result<()> {
        let closed = || Error::Closed { what: "the app" };
        let (reply, done) = oneshot::channel();
        self.resets.send(reply).await.map_err(|_| closed())?;
        done.await.map_err(|_| closed())?
    }
}

impl App {
    /// Tells how far a SQL projection is, waits for it, or resets it.
    pub fn projected<P: SqlProjection>(&self) -> Projected<'_, P> {
        Projected::new(self)
    }

    fn sql_runner<P: SqlProjection>(&self) -> Result<&Runner> {
        self.0.tables.get(&TypeId::of::<P>()).ok_or_else(|| Error::Unknown {
            what: "SQL projection",
            name: P::NAME.to_owned(),
            help: format!("add `.project_sql({}, &store)` where the app is built", P::NAME),
        })
    }
}
