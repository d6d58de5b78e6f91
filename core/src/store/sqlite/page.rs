//! One page of a read: how rows become events.
//!
//! The text of a page is put into one buffer that its events share. A page looks at a bounded number
//! of rows: whoever drops a read that finds little is not scanned for any longer than that.

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

    /// Reads the next page and moves on. It may be empty; `done` tells whether the read has ended.
    pub(super) fn page(
        &mut self,
        connection: &Connection,
        names: &mut Names,
    ) -> Result<Vec<Committed>, Failure> {
        let Some(select::Select { sql, values, edge }) = select::select(self, connection)? else {
            self.done = true;
            return Ok(Vec::new());
        };
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(EVENTS);
        let by_version = select::by_version(&self.query);
        let mut buffer = Vec::new();
        let mut found = Vec::new();
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(&values))?;
        let mut full = false;
        while let Some(row) = rows.next()? {
            let event = self.found(row, connection, names, &mut buffer)?;
            let Some(event) = event else { continue };
            self.seen = Some(if by_version { event.version } else { event.id });
            found.push(event);
            if found.len() >= most || buffer.len() >= TEXT {
                full = true;
                break;
            }
        }
        drop(rows);
        if !full && edge.is_some() {
            self.seen = edge;
        }
        self.done = !full && edge.is_none();
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::sqlite::{guard::Guard, schema, window::ROWS};

    /// One event in 100,000, and one far behind a gap, are `Rare`.
    const FILL: &str = "
        INSERT INTO stream VALUES (1, 'Cart-1'), (2, 'Order-1');
        INSERT INTO name VALUES (1, 'Added'), (2, 'Rare');
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO event SELECT i, 1, i, 1 + (i = 77777), 1, 0, 'null', '{}' FROM n;
        INSERT INTO event VALUES (9007199254740993, 2, 1, 2, 1, 0, 'null', '{}');";

    /// The ids that a query finds, and how many pages it takes.
    fn read(connection: &Connection, query: Query) -> (Vec<u64>, usize) {
        let (mut cursor, mut names) = (Cursor::new(query), Names::default());
        let (mut ids, mut pages) = (Vec::new(), 0);
        while !cursor.done {
            let before = cursor.seen;
            ids.extend(cursor.page(connection, &mut names).unwrap().iter().map(|event| event.id.0));
            pages += 1;
            if let (Some(before), Some(seen)) = (before, cursor.seen) {
                let jumped = seen.max(before) > 1 << 52;
                assert!(jumped || seen.abs_diff(before) <= ROWS.unsigned_abs());
            }
        }
        (ids, pages)
    }

    #[test]
    fn a_page_looks_at_a_bounded_number_of_rows_and_jumps_over_gaps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let connection = schema::open_writer(&path, Duration::ZERO, &Guard::default()).unwrap();
        connection.execute_batch(FILL).unwrap();
        let read = |query| read(&connection, query);
        let far = (1 << 53) + 1;
        let cart: StreamId = "Cart-1".parse().unwrap();
        let forward = Query::all().name("Rare");
        assert_eq!(read(forward.clone()), (vec![77_777, far], 5));
        assert_eq!(read(forward.backward()), (vec![far, 77_777], 5));
        assert_eq!(read(Query::all().category("Order")), (vec![far], 5));
        assert_eq!(read(Query::stream(cart.clone()).name("Rare")), (vec![77_777], 4));
        assert_eq!(read(Query::stream(cart.clone()).name("Rare").backward()), (vec![77_777], 4));
        let short = Query::all().name("Rare").from_id(Id(77_000)).to_id(Id(78_000));
        assert_eq!(read(short), (vec![77_777], 1));
        assert_eq!(read(Query::stream(cart).name("Rare").from_version(99_000)), (vec![], 1));
        assert_eq!(read(Query::all().name("Rare").limit(1)), (vec![77_777], 3));
    }
}
