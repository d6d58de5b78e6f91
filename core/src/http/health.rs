//! `GET /health`: whether the app takes work, and how its projections and reactions fare.
//!
//! A projection that has stopped or a parked stream needs a person, and other processes would fare
//! no better: that is told, and does not take this one out of service.

use axum::{extract::State, response::Response};
use serde::Serialize;

use crate::{
    Error, Health, Id, ProjectionHealth, ProjectionState, ReactionHealth, ReactionState, Timestamp,
    http::{api::Shared, page, problem::Problem},
};

pub(super) async fn health(State(api): State<Shared>) -> Result<Response, Problem> {
    if !api.app.is_open() {
        return Err(Error::Closed { what: "the app" }.into());
    }
    let health = api.app.health().await?;
    page::json("the health of the app", &Told::new(&health))
}

#[derive(Serialize)]
struct Told<'a> {
    well: bool,
    head: Id,
    projections: Vec<Projection<'a>>,
    reactions: Vec<Reaction<'a>>,
}

#[derive(Serialize)]
struct Projection<'a> {
    name: &'a str,
    version: u32,
    seen: Id,
    lag: u64,
    lag_seconds: Option<f64>,
    serves: bool,
    #[serde(flatten)]
    state: Standing,
}

#[derive(Serialize)]
struct Reaction<'a> {
    name: &'a str,
    seen: Id,
    lag: u64,
    lag_seconds: Option<f64>,
    parked: usize,
    waiting: usize,
    #[serde(flatten)]
    state: Standing,
}

/// Whether something runs, and why not.
#[derive(Serialize)]
struct Standing {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl<'a> Told<'a> {
    fn new(health: &'a Health) -> Self {
        Self {
            well: health.is_well(),
            head: health.head,
            projections: health.projections.iter().map(Projection::new).collect(),
            reactions: health.reactions.iter().map(Reaction::new).collect(),
        }
    }
}

impl<'a> Projection<'a> {
    fn new(health: &'a ProjectionHealth) -> Self {
        let state = match &health.state {
            ProjectionState::Running => Standing::new("running"),
            ProjectionState::Standby => Standing::new("standby"),
            ProjectionState::Retrying { since, error, .. } => {
                Standing::ill("retrying", *since, error)
            }
            ProjectionState::Stopped { since, error } => Standing::ill("stopped", *since, error),
        };
        Self {
            name: health.name,
            version: health.version,
            seen: health.seen,
            lag: health.lag,
            lag_seconds: health.lag_time.map(|time| time.as_secs_f64()),
            serves: health.serves,
            state,
        }
    }
}

impl<'a> Reaction<'a> {
    fn new(health: &'a ReactionHealth) -> Self {
        let state = match &health.state {
            ReactionState::Running => Standing::new("running"),
            ReactionState::Standby => Standing::new("standby"),
            ReactionState::Retrying { since, error, .. } => {
                Standing::ill("retrying", *since, error)
            }
            ReactionState::Stopped { since, error } => Standing::ill("stopped", *since, error),
        };
        Self {
            name: health.name,
            seen: health.seen,
            lag: health.lag,
            lag_seconds: health.lag_time.map(|time| time.as_secs_f64()),
            parked: health.parked,
            waiting: health.waiting,
            state,
        }
    }
}

impl Standing {
    fn new(state: &'static str) -> Self {
        Self { state, since: None, error: None }
    }

    fn ill(state: &'static str, since: Timestamp, error: &Error) -> Self {
        Self { state, since: Some(since), error: Some(error.to_string()) }
    }
}
