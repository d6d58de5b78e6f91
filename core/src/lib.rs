#![doc = include_str!("../README.md")]

#[cfg(feature = "derive")]
#[allow(unused_extern_crates, reason = "only unit tests that use the macros need it")]
extern crate self as actum;

mod aggregate;
mod app;
mod buffer;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod connect;
pub mod diagram;
mod error;
mod event;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "inspector")]
pub mod inspector;
#[cfg(feature = "metrics")]
mod measure;
#[cfg(not(feature = "metrics"))]
#[path = "measure/off.rs"]
mod measure;
mod model;
pub mod prelude;
mod projection;
mod reaction;
mod snapshot;
pub mod store;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use aggregate::{
    Action, ActionEntry, Actions, Aggregate, Apply, Emits, Given, Input, Invariant, Invariants,
    Patch, Rejected, Returns, Spec, Unmet, fold,
};
pub use app::{
    Act, ActJson, Acts, App, AsOf, Builder, Difference, Done, Edit, Feed, GivenHolds, Health,
    History, Load, Loaded, LoadedJson, Parked, ParkedStream, ParkedWhat, Possible, Progress,
    Projected, ProjectionHealth, ProjectionState, ReactionHealth, ReactionState, Subscription,
    Verification, View, ViewJson, ViewOf, Views,
};
#[cfg(any(feature = "http", feature = "inspector"))]
pub use axum;
pub use clock::{Clock, Ids, System};
pub use connect::connect;
pub use error::{ActError, Between, Conflict, Error, Result};
pub use event::{
    Committed, DecodeError, Event, EventOf, Events, Json, Kind, Meta, MetaFields, Payload,
};
pub use jiff::Timestamp;
pub use model::{
    ActionModel, AggregateModel, AsksModel, Cycle, EventModel, GivenModel, Keeps, Model,
    ProjectionModel, ReactionModel, ReactsModel, Step, TakesModel,
};
pub use projection::{
    Change, Delete, DocumentPerKey, Fate, Handler, KeyText, OneDocument, Outcome, Projection,
    Route, SqlHandler, SqlProjection,
};
pub use reaction::{
    Ask, Asked, Cx, Fault, IntoFault, Later, Part, Policy, Reaction, Reactor, Start, When,
};
#[cfg(feature = "sqlite")]
pub use rusqlite;
pub use store::BoxError;
pub use stream::{Id, InvalidStream, StreamId, Version};

#[cfg(feature = "postgres")]
pub use tokio_postgres;

#[cfg(feature = "derive")]
pub use actum_macros::{Aggregate, Event, Events, action, invariant, patch, projection, reaction};
