//! Which events of the log are wanted.

use jiff::Timestamp;

use crate::{
    App, Committed, Id, Result, StreamId, Version,
    inspector::{asked::Asked, fault::Fault},
    store::Query,
};

/// What the address asks for.
pub(super) struct Filter {
    pub(super) name: Option<String>,
    pub(super) category: Option<String>,
    pub(super) stream: Option<StreamId>,
    pub(super) since_text: Option<String>,
    since: Option<Timestamp>,
    pub(super) correlation: Option<String>,
    /// Where the page begins: below this id, or below this version where a stream is wanted.
    pub(super) before: Option<u64>,
}

impl Filter {
    pub(super) fn of(asked: &Asked, now: Timestamp) -> Result<Self, Fault> {
        Ok(Self {
            name: asked.text("name")?,
            category: asked.text("category")?,
            stream: asked.stream("stream")?,
            since_text: asked.text("since")?,
            since: asked.since("since", now)?,
            correlation: asked.text("correlation")?,
            before: asked.number("before")?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self { name, category, stream, since_text, since: _, correlation, before: _ } = self;
        name.is_none()
            && category.is_none()
            && stream.is_none()
            && since_text.is_none()
            && correlation.is_none()
    }

    /// Everything that is wanted, wherever it stands.
    pub(super) fn query(&self) -> Query {
        let mut query = Query::all();
        query.stream.clone_from(&self.stream);
        query.names.extend(self.name.clone());
        query.categories.extend(self.category.clone());
        query.correlation.clone_from(&self.correlation);
        query.from_time = self.since;
        query
    }

    /// One page, the newest first, of what lies up to `end`; and above which place it looks, if
    /// that is not all.
    pub(super) fn page(&self, end: u64, rows: u64, span: u64) -> (Query, Option<u64>) {
        let below = self.before.map_or(end, |before| before.saturating_sub(1).min(end));
        let query = self.query().backward().limit(if below == 0 { 0 } else { rows });
        let query = if self.is_by_version() {
            query.to_version(Version(below))
        } else {
            query.to_id(Id(below))
        };
        // What stands in an index is found at once, however far back.
        let looks_through = self.name.is_some()
            || (self.category.is_some() && self.stream.is_none())
            || self.since.is_some();
        let floor = below.saturating_sub(span);
        if !looks_through || self.correlation.is_some() || floor == 0 {
            return (query, None);
        }
        let query = if self.is_by_version() {
            query.from_version(Version(floor))
        } else {
            query.from_id(Id(floor))
        };
        (query, Some(floor))
    }

    /// Where the log ends, or the stream that is wanted.
    pub(super) async fn end(&self, app: &App, head: Id) -> Result<u64> {
        let Some(stream) = self.stream.as_ref().filter(|_| self.is_by_version()) else {
            return Ok(head.0);
        };
        let last = Query::stream(stream.clone()).backward().limit(1).without_meta();
        let last = app.read(last).next().await.transpose()?;
        Ok(last.map_or(0, |event| event.version.0))
    }

    /// Where the page behind this event begins.
    pub(super) fn place(&self, event: &Committed) -> u64 {
        if self.is_by_version() { event.version.0 } else { event.id.0 }
    }

    pub(super) fn is_by_version(&self) -> bool {
        self.stream.is_some() && self.correlation.is_none()
    }
}
