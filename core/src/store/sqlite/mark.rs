//! The last acknowledged event, by which a file is known again after it was given up.
//!
//! Its id alone would not do: a file that lost events, and got others since, may end at the same
//! id or behind it.

use rusqlite::{Connection, OptionalExtension, Row};

use super::failure::Failure;

/// What an event cannot share with another at the same id, unless it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    id: i64,
    stream: i64,
    version: i64,
    created: i64,
}

impl Mark {
    /// The last event of the file.
    pub(super) fn last(connection: &Connection) -> Result<Option<Self>, Failure> {
        let sql = "SELECT id, stream, version, created FROM event ORDER BY id DESC LIMIT 1";
        Ok(connection.prepare_cached(sql)?.query_row([], Self::read).optional()?)
    }

    /// Whether the file still holds this event.
    pub(super) fn is_in(&self, connection: &Connection) -> Result<bool, Failure> {
        let sql = "SELECT id, stream, version, created FROM event WHERE id = ?1";
        let found = connection.prepare_cached(sql)?.query_row([self.id], Self::read).optional()?;
        Ok(found.as_ref() == Some(self))
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            stream: row.get(1)?,
            version: row.get(2)?,
            created: row.get(3)?,
        })
    }
}
