//! Which events of the log are wanted.

use jiff::Timestamp;

use crate::{
    Committed, Id, StreamId, Version,
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

    /// One page, the newest first; and above which id it looks, if that is not all.
    pub(super) fn page(&self, head: Id, rows: u64, span: u64) -> (Query, Option<Id>) {
        let query = self.query().backward().limit(rows);
        let below = self.before.map(|before| before.saturating_sub(1));
        let nothing = self.before.is_some_and(|before| before <= 1);
        if nothing {
            return (query.limit(0), None);
        }
        if self.is_by_version() {
            let query = match below {
                Some(below) => query.to_version(Version(below)),
                None => query,
            };
            return (query, None);
        }
        let from = below.map_or(head, Id).min(head);
        let query = query.to_id(from);
        // What stands in an index is found at once, however far back.
        let is_narrow = self.name.is_some() || self.category.is_some() || self.since.is_some();
        if !is_narrow || self.correlation.is_some() {
            return (query, None);
        }
        let floor = Id(from.0.saturating_sub(span).max(0));
        let floor = (floor.0 > 0).then_some(floor);
        let query = match floor {
            Some(floor) => query.from_id(floor),
            None => query,
        };
        (query, floor)
    }

    /// Where the page behind this event begins.
    pub(super) fn place(&self, event: &Committed) -> u64 {
        if self.is_by_version() { event.version.0 } else { event.id.0 }
    }

    fn is_by_version(&self) -> bool {
        self.stream.is_some() && self.correlation.is_none()
    }
}
