//! One page of a read: how rows become events.
//!
//! The text of a page is put into one buffer that its events share.

use std::ops::Range;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params_from_iter, types::ValueRef};

use super::{append::bound, failure::Failure, heads, reader::Names, select};
use crate::{Committed, Id, Json, Meta, StreamId, Version, store::Query};

/// How many events a page holds at most.
const EVENTS: usize = 512;

/// How much text a page holds at most, but for its last event.
const TEXT: usize = 1 << 20;

/// Where a read stands.
pub(super) struct Cursor {
    pub(super) query: Query,
    /// How many events are still wanted.
    left: u64,
    /// Where the log ended when the read started.
    pub(super) end: Option<i64>,
    /// The id or version of the last event that was looked at.
    pub(super) seen: Option<i64>,
    /// Whether nothing is left to read.
    pub(super) done: bool,
}

/// A row whose text is in the page's buffer.
struct Found {
    id: i64,
    stream: StreamId,
    version: i64,
    name: std::sync::Arc<str>,
    schema: u32,
    created: Timestamp,
    data: Range<usize>,
    meta: Range<usize>,
}

impl Cursor {
    pub(super) fn new(query: Query) -> Self {
        let left = query.limit.unwrap_or(u64::MAX);
        Self { query, left, end: None, seen: None, done: left == 0 }
    }

    /// Reads the next page and moves on. An empty page ends the read.
    pub(super) fn page(
        &mut self,
        connection: &Connection,
        names: &mut Names,
    ) -> Result<Vec<Committed>, Failure> {
        let Some(select) = select::select(self, connection)? else {
            self.done = true;
            return Ok(Vec::new());
        };
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(EVENTS);
        let by_version = select::by_version(&self.query);
        let mut buffer = Vec::new();
        let mut found = Vec::new();
        let mut statement = connection.prepare_cached(&select.sql)?;
        let mut rows = statement.query(params_from_iter(&select.values))?;
        self.done = true;
        while let Some(row) = rows.next()? {
            let event = self.found(row, connection, names, &mut buffer)?;
            let Some(event) = event else { continue };
            self.seen = Some(if by_version { event.version } else { event.id });
            found.push(event);
            if found.len() >= most || buffer.len() >= TEXT {
                self.done = false;
                break;
            }
        }
        drop(rows);
        self.left -= found.len() as u64;
        self.done |= self.left == 0;
        if !self.done && self.end.is_none() {
            self.end = Some(bound(heads::last_id(connection)?));
        }
        let without_meta = self.query.without_meta;
        let buffer = Bytes::from(buffer);
        Ok(found.into_iter().map(|found| found.committed(&buffer, without_meta)).collect())
    }

    /// What a row holds, if it is wanted.
    fn found(
        &self,
        row: &Row<'_>,
        connection: &Connection,
        names: &mut Names,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Found>, Failure> {
        let stream = names.stream(connection, integer(row, 1, "event.stream")?)?;
        let categories = &self.query.categories;
        if !categories.is_empty() && !categories.iter().any(|name| name == stream.category()) {
            return Ok(None);
        }
        let start = buffer.len();
        if self.needs_meta() {
            buffer.extend_from_slice(text(row, 7, "event.meta")?);
        }
        let meta = start..buffer.len();
        if let Some(wanted) = &self.query.correlation
            && !correlates(buffer.get(meta.clone()).unwrap_or_default(), wanted)
        {
            buffer.truncate(start);
            return Ok(None);
        }
        let start = buffer.len();
        buffer.extend_from_slice(text(row, 6, "event.data")?);
        Ok(Some(Found {
            id: integer(row, 0, "event.id")?,
            stream,
            version: integer(row, 2, "event.version")?,
            name: names.event(connection, integer(row, 3, "event.name")?)?,
            schema: u32::try_from(integer(row, 4, "event.schema")?)
                .map_err(|_| Failure::Column { column: "event.schema" })?,
            created: Timestamp::from_microsecond(integer(row, 5, "event.created")?)
                .map_err(|_| Failure::Column { column: "event.created" })?,
            data: start..buffer.len(),
            meta,
        }))
    }

    pub(super) fn needs_meta(&self) -> bool {
        !self.query.without_meta || self.query.correlation.is_some()
    }
}

impl Found {
    fn committed(self, buffer: &Bytes, without_meta: bool) -> Committed {
        let meta = if without_meta {
            Meta::default()
        } else {
            Meta::from_stored(Json::from_stored(buffer.slice(self.meta)))
        };
        Committed {
            name: self.name,
            schema: self.schema,
            data: Json::from_stored(buffer.slice(self.data)),
            id: Id(self.id.unsigned_abs()),
            stream: self.stream,
            version: Version(self.version.unsigned_abs()),
            created: self.created,
            meta,
        }
    }
}

/// Whether stored meta data has this correlation.
fn correlates(meta: &[u8], wanted: &str) -> bool {
    let meta = Meta::from_stored(Json::from_stored(meta.to_vec()));
    meta.correlation() == Some(wanted)
}

fn integer(row: &Row<'_>, at: usize, column: &'static str) -> Result<i64, Failure> {
    match row.get_ref(at)? {
        ValueRef::Integer(number) => Ok(number),
        _ => Err(Failure::Column { column }),
    }
}

fn text<'a>(row: &'a Row<'_>, at: usize, column: &'static str) -> Result<&'a [u8], Failure> {
    match row.get_ref(at)? {
        ValueRef::Text(text) => Ok(text),
        _ => Err(Failure::Column { column }),
    }
}
