//! What can go wrong with the file, shared by all requests that it befalls.

use std::{path::PathBuf, sync::Arc};

use rusqlite::ErrorCode;

use crate::{Error, Id};

/// Why the store failed; cheap to clone, as one failure answers a whole group.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Sqlite(#[from] Arc<rusqlite::Error>),
    #[error("{} is not the file of an actum store", path.display())]
    Foreign { path: PathBuf },
    #[cfg_attr(not(feature = "privacy"), expect(dead_code, reason = "keys are a feature"))]
    #[error(
        "{} is not a file of keys; keep the keys in a file of their own, apart from the log",
        path.display()
    )]
    NotKeys { path: PathBuf },
    #[error(
        "{} has version {found} of the file format, and this program knows up to {known}",
        path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{} cannot be written", path.display())]
    ReadOnly { path: PathBuf },
    #[error("the file is in use by another process in a mode other than WAL ({mode})")]
    NotWal { mode: String },
    #[error(
        "the file ends at {found} after an I/O error, but {acknowledged} was acknowledged; \
         nothing more is written to it"
    )]
    Poisoned { acknowledged: Id, found: Id },
    #[error(
        "event {acknowledged} was acknowledged, and after an I/O error the file holds another in \
         its place; nothing more is written to it"
    )]
    Replaced { acknowledged: Id },
    #[error("column {column} holds what this store never writes there")]
    Column { column: &'static str },
    #[error("what should be stored as JSON is not UTF-8")]
    NotText,
    #[error("a projection rolled back the transaction that it was lent")]
    Ended,
    #[error("its numbers are used up")]
    Exhausted,
    #[error("a thread of the store could not be started: {0}")]
    Thread(Arc<std::io::Error>),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl Failure {
    /// The public error, told with what was being done.
    pub(super) fn into_error(self, action: impl Into<String>) -> Error {
        Error::Store { store: "SQLite", action: action.into(), source: Box::new(self) }
    }

    /// Whether the connection can no longer be trusted.
    pub(super) fn spoils_connection(&self) -> bool {
        self.code().is_some_and(|code| {
            matches!(
                code,
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
                    | ErrorCode::FileLockingProtocolFailed
            )
        })
    }

    /// Whether another writer held the file for longer than the busy timeout.
    pub(super) fn is_busy(&self) -> bool {
        self.code()
            .is_some_and(|code| matches!(code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }

    /// Whether the disk is full.
    pub(super) fn is_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
    }

    pub(super) fn is_not_a_database(&self) -> bool {
        self.code() == Some(ErrorCode::NotADatabase)
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }
}
