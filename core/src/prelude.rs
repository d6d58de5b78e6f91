//! What a program that uses actum needs in nearly every file.

pub use crate::{
    ActError, Acts, Aggregate, App, Ask, Committed, Conflict, Cx, Event, Events, Fault, Id,
    Projection, Reaction, SqlProjection, StreamId, Timestamp, UndoError, Unmet, Version,
    store::{Expected, Memory, Query},
};

#[cfg(feature = "derive")]
pub use crate::{action, invariant, patch, projection, reaction, undo};

#[cfg(feature = "sqlite")]
pub use crate::store::{Sqlite, SqliteTransaction};

#[cfg(feature = "postgres")]
pub use crate::store::{Postgres, PostgresTransaction};
