//! Which rows are left to read, as a statement.

use rusqlite::{Connection, OptionalExtension, types::Value};

use super::{append::bound, correlation, failure::Failure, micros, page::Cursor, window};
use crate::{
    Id, Version,
    store::{Direction, Query},
};

/// A statement and its values.
pub(super) struct Select {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
    /// Up to where it looks, if something is left behind that.
    pub(super) edge: Option<i64>,
}

/// Whether the rows come in the order of their version, by the index of streams. Otherwise they
/// come in the order of their id; a correlation has its own index, which finds fewer rows.
pub(super) fn by_version(query: &Query) -> bool {
    query.stream.is_some() && query.correlation.is_none()
}

/// The statement for what is left; `None` when nothing can match.
///
/// A `+` keeps SQLite from using another index than the one that gives the order.
pub(super) fn select(cursor: &Cursor, connection: &Connection) -> Result<Option<Select>, Failure> {
    let query = &cursor.query;
    let backward = query.direction == Direction::Backward;
    let (mut id, mut version) = (
        (query.from_id.map(bound), query.to_id.map(bound)),
        (query.from_version.map(of_version), query.to_version.map(of_version)),
    );
    if let Some(end) = cursor.end {
        id.1 = Some(id.1.map_or(end, |to| to.min(end)));
    }
    let by_version = by_version(query);
    let key = if by_version { &mut version } else { &mut id };
    match (cursor.seen, backward) {
        (None, _) => {}
        (Some(i64::MAX), false) | (Some(i64::MIN), true) => return Ok(None),
        (Some(seen), false) => key.0 = Some(seen + 1),
        (Some(seen), true) => key.1 = Some(seen - 1),
    }
    let mut select = Select::new(cursor);
    let mut stream = None;
    if let Some(name) = &query.stream {
        let row = connection
            .prepare_cached("SELECT id FROM stream WHERE name = ?1")?
            .query_row([name.as_str()], |row| row.get::<_, i64>(0))
            .optional()?;
        let Some(row) = row else { return Ok(None) };
        select.and(if by_version { "stream =" } else { "+stream =" }, row);
        stream = Some(row);
    }
    if window::is_needed(query) {
        match window::next(connection, stream, *key, query.direction)? {
            None => return Ok(None),
            Some(window) => (*key, select.edge) = (window.range, window.edge),
        }
    }
    let created = (query.from_time.map(micros::ceil), query.to_time.map(micros::floor));
    select.range("created", created);
    let order = if by_version {
        select.range("version", version);
        select.range("+id", id);
        "version"
    } else {
        select.range("id", id);
        select.range("+version", version);
        "id"
    };
    if !query.names.is_empty() && !select.names(connection, &query.names)? {
        return Ok(None);
    }
    let by_run = query.correlation.is_some();
    select.sql.push_str(match (by_run, backward) {
        (true, false) => "true ORDER BY first, ",
        (true, true) => "true ORDER BY first DESC, ",
        (false, _) => "true ORDER BY ",
    });
    select.sql.extend([order, if backward { " DESC" } else { "" }]);
    Ok(Some(select))
}

impl Select {
    fn new(cursor: &Cursor) -> Self {
        let meta = if cursor.needs_meta() { "meta" } else { "NULL" };
        let columns = "SELECT id, stream, version, name, schema, created, data, ";
        match &cursor.query.correlation {
            None => Self {
                sql: [columns, meta, " FROM event WHERE "].concat(),
                values: Vec::new(),
                edge: None,
            },
            Some(correlation) => Self {
                sql: [
                    columns,
                    meta,
                    " FROM correlated CROSS JOIN event ON id BETWEEN first AND last WHERE key = ? AND ",
                ]
                .concat(),
                values: vec![Value::Blob(correlation::key(correlation).to_vec())],
                edge: None,
            },
        }
    }

    fn and(&mut self, condition: &str, number: i64) {
        self.sql.push_str(condition);
        self.sql.push_str(" ? AND ");
        self.values.push(number.into());
    }

    fn range(&mut self, column: &str, (from, to): (Option<i64>, Option<i64>)) {
        if let Some(from) = from {
            self.and(&format!("{column} >="), from);
        }
        if let Some(to) = to {
            self.and(&format!("{column} <="), to);
        }
    }

    /// Adds the names that are known; tells whether there are any.
    fn names(&mut self, connection: &Connection, names: &[String]) -> Result<bool, Failure> {
        let mut statement = connection.prepare_cached("SELECT id FROM name WHERE name = ?1")?;
        let before = self.values.len();
        for name in names {
            let row: Option<i64> = statement.query_row([name], |row| row.get(0)).optional()?;
            self.values.extend(row.map(Value::Integer));
        }
        let marks = vec!["?"; self.values.len() - before].join(", ");
        self.sql.extend(["name IN (", &marks, ") AND "]);
        Ok(!marks.is_empty())
    }
}

fn of_version(version: Version) -> i64 {
    bound(Id(version.0))
}
