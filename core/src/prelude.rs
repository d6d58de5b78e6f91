//! What a program that uses actum needs in nearly every file.

pub use crate::{
    ActError, Acts, Aggregate, App, Committed, Conflict, Event, Events, Id, Projection,
    SqlProjection, StreamId, Timestamp, Unmet, Version,
    store::{Expected, Memory, Query},
};

#[cfg(feature = "derive")]
pub use crate::{action, invariant, patch, projection};

#[cfg(feature = "sqlite")]
pub use crate::store::{Sqlite, SqliteTransaction};

#[cfg(feature = "postgres")]
pub use crate::store::{Postgres, PostgresTransaction};
