//! A query as SQL: one page behind a cursor, by an index, in order.

use deadpool_postgres::tokio_postgres::types::ToSql;

use crate::{
    Committed, Id, StreamId,
    store::{
        Direction, Query,
        postgres::value::{Time, number},
    },
};

/// What is left of a query: the bounds close in as pages are read.
#[derive(Debug)]
pub(super) struct Select {
    query: Query,
    /// Behind this place, by version for one stream, by id for all.
    low: i64,
    /// Up to this place.
    high: i64,
    /// How many events are still wanted.
    left: u64,
}

type Parameter = Box<dyn ToSql + Sync + Send>;

impl Select {
    /// Starts with a query; `head` is where a read of the whole log ends.
    pub(super) fn new(query: Query, head: Id) -> Self {
        let (from, to) = match &query.stream {
            Some(_) => (query.from_version.map(|v| v.0), query.to_version.map(|v| v.0)),
            None => (query.from_id.map(|id| id.0), Some(to(&query).min(head).0)),
        };
        let low = number(from.unwrap_or(1).saturating_sub(1));
        let high = number(to.unwrap_or(u64::MAX));
        let left = query.limit.unwrap_or(u64::MAX);
        Self { query, low, high, left }
    }

    /// The stream that is read, if it is one.
    pub(super) fn stream(&self) -> Option<&StreamId> {
        self.query.stream.as_ref()
    }

    /// Whether the rows have meta data.
    pub(super) fn has_meta(&self) -> bool {
        !self.query.without_meta
    }

    /// How many events the next page may have.
    pub(super) fn most(&self, page: u64) -> u64 {
        if self.low < self.high { self.left.min(page) } else { 0 }
    }

    /// Goes on behind an event that was read.
    pub(super) fn pass(&mut self, event: &Committed) {
        self.left = self.left.saturating_sub(1);
        let place = match self.query.stream {
            Some(_) => number(event.version.0),
            None => number(event.id.0),
        };
        match self.query.direction {
            Direction::Forward => self.low = place,
            Direction::Backward => self.high = place - 1,
        }
    }

    /// The SQL of the next page, which depends only on the kind of the query, and its parameters.
    pub(super) fn page(&self, most: u64) -> (String, Vec<Parameter>) {
        let Self { query, low, high, .. } = self;
        let place = if query.stream.is_some() { "version" } else { "id" };
        let mut page = Page::default();
        page.sql.push_str("select id, version, created, schema, name, data");
        // Each column costs the server about as much as a tenth of the row.
        if !query.without_meta {
            page.sql.push_str(", meta");
        }
        if query.stream.is_none() {
            page.sql.push_str(", stream");
        }
        page.sql.push_str(" from @events where true");
        if let Some(stream) = &query.stream {
            page.add("stream =", stream.to_string());
        }
        page.add(&format!("{place} >"), *low);
        page.add(&format!("{place} <="), *high);
        if query.stream.is_some() {
            page.add_some("id >=", query.from_id.map(|id| number(id.0)));
            page.add_some("id <=", query.to_id.map(|id| number(id.0)));
        } else {
            page.add_some("version >=", query.from_version.map(|version| number(version.0)));
            page.add_some("version <=", query.to_version.map(|version| number(version.0)));
        }
        page.add_some("created >=", query.from_time.map(Time::ceil));
        page.add_some("created <=", query.to_time.map(Time::floor));
        page.add_some("correlation =", query.correlation.clone().map(String::into_bytes));
        let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        page.add_some("name = any", some(&query.names));
        page.add_some("split_part(stream, '-', 1) = any", some(&query.categories));
        let order = match query.direction {
            Direction::Forward => "asc",
            Direction::Backward => "desc",
        };
        page.sql.extend([" order by ", place, " ", order, " limit "]);
        page.place(number(most));
        (page.sql, page.parameters)
    }
}

/// The id at which a query ends, if the log goes on that long.
pub(super) fn to(query: &Query) -> Id {
    query.to_id.unwrap_or(Id(u64::MAX))
}

#[derive(Default)]
struct Page {
    sql: String,
    parameters: Vec<Parameter>,
}

impl Page {
    fn place(&mut self, value: impl ToSql + Sync + Send + 'static) {
        self.parameters.push(Box::new(value));
        self.sql.extend(["$", &self.parameters.len().to_string()]);
    }

    fn add(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        self.sql.extend([" and ", condition, " ("]);
        self.place(value);
        self.sql.push(')');
    }

    fn add_some(&mut self, condition: &str, value: Option<impl ToSql + Sync + Send + 'static>) {
        if let Some(value) = value {
            self.add(condition, value);
        }
    }
}
