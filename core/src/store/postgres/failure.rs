//! What the driver says, as errors of actum; and which failures are certain to have stored nothing.

use std::error::Error as StdError;

use deadpool_postgres::tokio_postgres::{
    self,
    error::{DbError, Severity, SqlState},
};

use crate::Error;

/// The name of this store in its errors.
const STORE: &str = "PostgreSQL";

/// Tells what the store was about to do.
pub(super) fn to(
    action: impl Into<String>,
    source: impl Into<Box<dyn StdError + Send + Sync>>,
) -> Error {
    Error::Store { store: STORE, action: action.into(), source: source.into() }
}

/// Whether the server refused the statement and undid it: nothing of it was stored.
///
/// What comes with another severity ends the session, and its last commit may have succeeded.
pub(super) fn refused(error: &tokio_postgres::Error) -> Option<&DbError> {
    error.as_db_error().filter(|error| error.parsed_severity() == Some(Severity::Error))
}

/// Whether the same statement may succeed when it is repeated: another transaction was in its way.
pub(super) fn transient(error: &DbError) -> bool {
    [
        &SqlState::T_R_SERIALIZATION_FAILURE,
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::UNIQUE_VIOLATION,
    ]
    .contains(&error.code())
}
