//! Appends a batch inside the writer's open transaction.
//!
//! Everything that may be refused is checked before the first insert, so that a refused batch has
//! changed nothing and the rest of the group goes on.

use jiff::Timestamp;
use rusqlite::{
    CachedStatement, Connection, OptionalExtension, params,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    correlation::{self, Runs},
    failure::Failure,
    heads::{Head, Heads},
};
use crate::{
    Closed, Conflict, Error, Event, Id, Json, Result, StreamClosed, StreamId, Version,
    store::{Appended, Batch, Key, Keyed, Placed, Write},
};

/// The statements that every group needs.
pub(super) struct Appender<'a> {
    connection: &'a Connection,
    heads: &'a mut Heads,
    insert: CachedStatement<'a>,
    correlate: CachedStatement<'a>,
}

impl<'a> Appender<'a> {
    pub(super) fn new(connection: &'a Connection, heads: &'a mut Heads) -> Result<Self, Failure> {
        let insert = connection.prepare_cached(include_str!("insert.sql"))?;
        let correlate = correlation::statement(connection)?;
        Ok(Self { connection, heads, insert, correlate })
    }

    pub(super) fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// Appends a batch, or tells why it is refused; fails when the whole transaction must.
    pub(super) fn append(&mut self, batch: &Batch) -> Result<Result<Appended>, Failure> {
        if let Some(key) = &batch.key
            && let Some(first) = keyed(self.connection, &key.key)?
        {
            return Ok(repeated(key, first));
        }
        for write in &batch.writes {
            let head = self.heads.head(self.connection, &write.stream)?;
            let actual = Version(head.map_or(0, |head| head.version));
            if !write.events.is_empty()
                && let Some(at) = head.and_then(|head| head.closed)
            {
                let at = Timestamp::from_microsecond(at)
                    .map_err(|_| Failure::Column { column: "event.created" })?;
                return Ok(Err(StreamClosed::new(write.stream.clone(), actual, at).into()));
            }
            if !write.expected.holds(actual) {
                let conflict = Conflict::new(write.stream.clone(), write.expected, actual);
                return Ok(Err(conflict.into()));
            }
        }
        let mut placed = Vec::with_capacity(batch.writes.len());
        for write in &batch.writes {
            placed.push(self.store(write)?);
        }
        let appended = Appended { placed, repeated: false };
        if let Some(key) = &batch.key {
            self.keep(key, &appended)?;
        }
        Ok(Ok(appended))
    }

    fn store(&mut self, write: &Write) -> Result<Placed, Failure> {
        let head = self.heads.head(self.connection, &write.stream)?;
        if write.events.is_empty() {
            let version = Version(head.map_or(0, |head| head.version));
            return Ok(Placed { version, ..Placed::default() });
        }
        let mut head = match head {
            Some(head) => head,
            None => Head { row: self.new_stream(write)?, version: 0, closed: None },
        };
        let before = self.heads.last(self.connection)?;
        let mut last = before;
        let mut runs = Runs::new(&mut self.correlate);
        for event in &write.events {
            last = last.next();
            runs.push(last, event.meta.correlation())?;
            head.version += 1;
            let name = self.heads.name(self.connection, &event.name)?;
            let created = super::micros::floor(event.created);
            if event.name == Closed::NAME {
                head.closed = Some(created);
            }
            self.insert.execute(params![
                number(last.0)?,
                head.row,
                number(head.version)?,
                name,
                event.schema,
                created,
                text(&event.data),
                text(event.meta.json()),
            ])?;
        }
        runs.close()?;
        self.heads.set_last(last);
        self.heads.set_head(&write.stream, head);
        let count = write.events.len() as u64;
        Ok(Placed { first: before.next(), last, version: Version(head.version), count })
    }

    fn new_stream(&self, write: &Write) -> Result<i64, Failure> {
        let mut insert = self.connection.prepare_cached("INSERT INTO stream (name) VALUES (?1)")?;
        Ok(insert.insert([write.stream.as_str()])?)
    }

    fn keep(&self, key: &Key, appended: &Appended) -> Result<(), Failure> {
        let outcome = serde_json::to_string(appended)
            .map_err(|_| Failure::Column { column: "keyed.outcome" })?;
        self.connection
            .prepare_cached("INSERT INTO keyed (key, fingerprint, outcome) VALUES (?1, ?2, ?3)")?
            .execute(params![&*key.key, key.fingerprint, outcome])?;
        Ok(())
    }
}

/// Removes the events of a closed stream but for the one that ends it; how many they were.
pub(super) fn truncate(connection: &Connection, stream: &StreamId) -> Result<Result<u64>, Failure> {
    // Not what the writer remembers: this must not depend on it.
    let last: Option<(i64, i64, String)> = connection
        .prepare_cached(include_str!("end.sql"))?
        .query_row([stream.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((row, version, _)) = last.filter(|(.., name)| name == Closed::NAME) else {
        return Ok(Err(Error::NotClosed { stream: stream.clone() }));
    };
    let removed = connection
        .prepare_cached("DELETE FROM event WHERE stream = ?1 AND version < ?2")?
        .execute([row, version])?;
    Ok(Ok(removed as u64))
}

/// What a key was used for.
pub(super) fn keyed(connection: &Connection, key: &str) -> Result<Option<Keyed>, Failure> {
    let stored: Option<([u8; 16], String)> = connection
        .prepare_cached("SELECT fingerprint, outcome FROM keyed WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((fingerprint, outcome)) = stored else { return Ok(None) };
    let appended =
        serde_json::from_str(&outcome).map_err(|_| Failure::Column { column: "keyed.outcome" })?;
    Ok(Some(Keyed { fingerprint, appended }))
}

fn repeated(key: &Key, first: Keyed) -> Result<Appended> {
    if first.fingerprint == key.fingerprint {
        Ok(Appended { repeated: true, ..first.appended })
    } else {
        Err(Error::KeyReused { key: key.key.to_string() })
    }
}

/// JSON as TEXT; that it is UTF-8 was checked before it was queued.
pub(super) fn text(json: &Json) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(json.as_bytes()))
}

/// A number as SQLite keeps it.
pub(super) fn number(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::Exhausted)
}

/// The ids up to which ids are known, for a bound that may be any number.
pub(super) fn bound(id: Id) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}
