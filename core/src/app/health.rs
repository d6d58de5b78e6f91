//! How an app fares: which projection is behind, which one is stuck, since when, and why.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    App, Conflict, Error, Id, Result, Version,
    app::{
        react,
        react::ReactionHealth,
        runner::{Runner, Status},
        sql,
    },
    error::Between,
    store::{Expected, Query},
};

/// How an app fares.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The highest id of the log.
    pub head: Id,
    /// Each projection, in the order in which the app was built.
    pub projections: Vec<ProjectionHealth>,
    /// Each reaction, in the order in which the app was built.
    pub reactions: Vec<ReactionHealth>,
}

/// How a projection fares.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProjectionHealth {
    /// Its name.
    pub name: &'static str,
    /// The version of its fold.
    pub version: u32,
    /// Up to where it has seen the log.
    pub seen: Id,
    /// How many ids it is behind: at most so many events.
    pub lag: u64,
    /// How long the oldest event it has not seen has been there; `None` when it has seen all,
    /// or when the log cannot be read.
    pub lag_time: Option<Duration>,
    /// How many ids it goes through in a second, as last measured by this process.
    pub rate: Option<f64>,
    /// Whether readers get this version; not while it is being built beside an older one.
    pub serves: bool,
    /// Whether it runs.
    pub state: ProjectionState,
}

/// Whether a projection runs.
#[derive(Clone, Debug)]
pub enum ProjectionState {
    /// It runs.
    Running,
    /// Another process does the work; this one takes over when that one's lease runs out.
    Standby,
    /// The store failed; it tries again by itself.
    Retrying {
        /// Since when it has failed.
        since: Timestamp,
        /// How often in a row.
        failures: u32,
        /// The latest error.
        error: Arc<Error>,
    },
    /// It met an event that it cannot take, and stands before it.
    Stopped {
        /// Since when.
        since: Timestamp,
        /// Why; it names the event.
        error: Arc<Error>,
    },
}

impl Health {
    /// Whether every projection runs, and every reaction works with nothing parked.
    pub fn is_well(&self) -> bool {
        let is_well = |one: &ProjectionHealth| {
            matches!(one.state, ProjectionState::Running | ProjectionState::Standby)
        };
        self.projections.iter().all(is_well) && self.reactions.iter().all(ReactionHealth::is_well)
    }
}

pub(super) async fn health(app: &App) -> Result<Health> {
    let head = app.0.store.head().await?;
    let mut projections = Vec::new();
    for model in &app.0.model.projections {
        let runner = app.0.runners.values().find(|runner| runner.build.name == model.name);
        if let Some(runner) = runner {
            projections.push(documents(app, model.name, runner, head).await?);
        }
        let tables = app.0.tables.values().find(|runner| runner.view.name == model.name);
        if let Some(runner) = tables {
            projections.push(self::tables(app, model.name, runner, head).await?);
        }
    }
    let reactions = react::health(app, head).await?;
    Ok(Health { head, projections, reactions })
}

async fn documents(
    app: &App,
    name: &'static str,
    runner: &Runner,
    head: Id,
) -> Result<ProjectionHealth> {
    let status = runner.status();
    let (lag, lag_time) = lag(app, name, status.seen, head).await;
    let version = runner.build.version;
    let serves = runner.build.serves()
        || runner.build.look().await.unwrap_or_else(|error| {
            tracing::warn!(projection = name, %error, "cannot tell whether it serves");
            false
        });
    let Status { seen, state, rate, .. } = status;
    Ok(ProjectionHealth { name, version, seen, lag, lag_time, rate, serves, state })
}

async fn tables(
    app: &App,
    name: &'static str,
    runner: &sql::Runner,
    head: Id,
) -> Result<ProjectionHealth> {
    let sql::Status { seen, state, rate } = runner.status.borrow().clone();
    let (version, serves, seen) = (runner.view.version, seen.is_some(), seen.unwrap_or_default());
    let (lag, lag_time) = lag(app, name, seen, head).await;
    Ok(ProjectionHealth { name, version, seen, lag, lag_time, rate, serves, state })
}

/// How many ids a projection is behind, and for how long.
async fn lag(app: &App, name: &'static str, seen: Id, head: Id) -> (u64, Option<Duration>) {
    let lag = head.0.saturating_sub(seen.0);
    let lag_time = if lag == 0 {
        None
    } else {
        let query = Query::all().after(seen).limit(1).without_meta();
        // A log that cannot be read must not hide why the projection is behind.
        let oldest = app.read(query).next().await.transpose().unwrap_or_else(|error| {
            tracing::warn!(projection = name, %error, "cannot tell the lag");
            None
        });
        oldest.map(|event| {
            let now = app.0.clock.now();
            Duration::try_from(now.duration_since(event.created)).unwrap_or_default()
        })
    };
    (lag, lag_time)
}

/// How many events a conflict names.
const NAMED: u64 = 10;

impl App {
    /// Names the events that made an expectation fail.
    pub(super) async fn explained(&self, mut conflict: Conflict) -> Conflict {
        let from = match conflict.expected {
            Expected::Empty => Version(1),
            Expected::Version(version) => version.next(),
            Expected::Exists | Expected::Any => return conflict,
        };
        let query = Query::stream(conflict.stream.clone())
            .from_version(from)
            .to_version(conflict.actual)
            .limit(NAMED);
        match self.read(query).all().await {
            Ok(events) => conflict.between = events.iter().map(Between::new).collect(),
            // The conflict is the answer; that it cannot be explained must not hide it.
            Err(error) => tracing::warn!(stream = %conflict.stream, %error, "cannot explain"),
        }
        conflict
    }
}
