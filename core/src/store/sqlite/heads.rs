//! What the writer knows of the log without asking the file.
//!
//! Everything here may be forgotten at any time, and must be when a transaction fails or another
//! process has written: it holds only what the open transaction sees.

use std::collections::HashMap;

use quick_cache::unsync::Cache;
use rusqlite::{Connection, OptionalExtension};

use super::failure::Failure;
use crate::{Id, StreamId};

/// How many streams are remembered.
const STREAMS: usize = 1 << 16;

/// How many names of events are remembered.
const NAMES: usize = 1 << 12;

/// The last ids and versions, and the numbers of interned names.
pub(super) struct Heads {
    streams: Cache<StreamId, Head>,
    names: HashMap<Box<str>, i64>,
    last: Option<Id>,
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The number of its name.
    pub(super) row: i64,
    /// The version of its last event.
    pub(super) version: u64,
    /// When it was closed, in microseconds since 1970.
    pub(super) closed: Option<i64>,
}

impl Heads {
    pub(super) fn new() -> Self {
        Self { streams: Cache::new(STREAMS), names: HashMap::new(), last: None }
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.streams.clear();
        self.names.clear();
        self.last = None;
    }

    /// The highest id that was ever given to an event.
    pub(super) fn last(&mut self, connection: &Connection) -> Result<Id, Failure> {
        if let Some(last) = self.last {
            return Ok(last);
        }
        let last = last_id(connection)?;
        self.last = Some(last);
        Ok(last)
    }

    pub(super) fn set_last(&mut self, last: Id) {
        self.last = Some(last);
    }

    /// Where a stream stands; `None` when its name was never stored.
    pub(super) fn head(
        &mut self,
        connection: &Connection,
        stream: &StreamId,
    ) -> Result<Option<Head>, Failure> {
        if let Some(head) = self.streams.get(stream) {
            return Ok(Some(*head));
        }
        let head = connection
            .prepare_cached(include_str!("head.sql"))?
            .query_row([stream.as_str()], |row| {
                let version = row.get::<_, i64>(1)?.unsigned_abs();
                Ok(Head { row: row.get(0)?, version, closed: row.get(2)? })
            })
            .optional()?;
        if let Some(head) = head {
            self.streams.insert(stream.clone(), head);
        }
        Ok(head)
    }

    pub(super) fn set_head(&mut self, stream: &StreamId, head: Head) {
        self.streams.insert(stream.clone(), head);
    }

    /// The number of an event's name, which is stored if it is new.
    pub(super) fn name(&mut self, connection: &Connection, name: &str) -> Result<i64, Failure> {
        if let Some(row) = self.names.get(name) {
            return Ok(*row);
        }
        let known = connection
            .prepare_cached("SELECT id FROM name WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        let row = match known {
            Some(row) => row,
            None => {
                connection.prepare_cached("INSERT INTO name (name) VALUES (?1)")?.insert([name])?
            }
        };
        if self.names.len() >= NAMES {
            self.names.clear();
        }
        self.names.insert(name.into(), row);
        Ok(row)
    }
}

/// The highest id that was ever given to an event, as the file has it.
pub(super) fn last_id(connection: &Connection) -> Result<Id, Failure> {
    let last: i64 =
        connection.prepare_cached(include_str!("last.sql"))?.query_row([], |row| row.get(0))?;
    Ok(Id(last.unsigned_abs()))
}
