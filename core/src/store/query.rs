//! What is read, and in which direction.

use jiff::Timestamp;

use crate::{Committed, Id, StreamId, Version};

/// What to read from the log: every condition must hold; all bounds are inclusive.
///
/// ```
/// use actum::{Id, store::Query};
///
/// let query = Query::all().category("Cart").name("CheckedOut").after(Id(41)).limit(100);
/// assert_eq!(query.from_id, Some(Id(42)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Query {
    /// Only this stream.
    pub stream: Option<StreamId>,
    /// Only streams of these aggregates; empty for all.
    pub categories: Vec<String>,
    /// Only events with these names; empty for all.
    pub names: Vec<String>,
    /// Only events with this correlation.
    pub correlation: Option<String>,
    /// From this id on.
    pub from_id: Option<Id>,
    /// Up to this id.
    pub to_id: Option<Id>,
    /// From this version on.
    pub from_version: Option<Version>,
    /// Up to this version.
    pub to_version: Option<Version>,
    /// Only events created at this time or later.
    pub from_time: Option<Timestamp>,
    /// Only events created at this time or earlier.
    pub to_time: Option<Timestamp>,
    /// By increasing or decreasing id.
    pub direction: Direction,
    /// At most so many events.
    pub limit: Option<u64>,
    /// Whether the reader has no use for the meta data; it may then be left out.
    pub without_meta: bool,
}

/// By increasing or decreasing id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The oldest first.
    #[default]
    Forward,
    /// The newest first.
    Backward,
}

impl Query {
    /// The whole log.
    pub fn all() -> Self {
        Self::default()
    }

    /// One stream.
    pub fn stream(stream: StreamId) -> Self {
        Self { stream: Some(stream), ..Self::default() }
    }

    /// Adds an aggregate whose streams are wanted.
    #[must_use]
    pub fn category(mut self, name: impl Into<String>) -> Self {
        self.categories.push(name.into());
        self
    }

    /// Adds a name of events that are wanted.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Only events with this correlation.
    #[must_use]
    pub fn correlation(mut self, correlation: impl Into<String>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }

    /// Only events behind this id.
    #[must_use]
    pub fn after(self, id: Id) -> Self {
        self.from_id(id.next())
    }

    /// From this id on.
    #[must_use]
    pub fn from_id(mut self, id: Id) -> Self {
        self.from_id = Some(id);
        self
    }

    /// Up to this id.
    #[must_use]
    pub fn to_id(mut self, id: Id) -> Self {
        self.to_id = Some(id);
        self
    }

    /// From this version on.
    #[must_use]
    pub fn from_version(mut self, version: impl Into<Version>) -> Self {
        self.from_version = Some(version.into());
        self
    }

    /// Up to this version.
    #[must_use]
    pub fn to_version(mut self, version: impl Into<Version>) -> Self {
        self.to_version = Some(version.into());
        self
    }

    /// Only events created at this time or later.
    #[must_use]
    pub fn from_time(mut self, time: Timestamp) -> Self {
        self.from_time = Some(time);
        self
    }

    /// Only events created at this time or earlier.
    #[must_use]
    pub fn to_time(mut self, time: Timestamp) -> Self {
        self.to_time = Some(time);
        self
    }

    /// The newest first.
    #[must_use]
    pub fn backward(mut self) -> Self {
        self.direction = Direction::Backward;
        self
    }

    /// At most so many events.
    #[must_use]
    pub fn limit(mut self, events: u64) -> Self {
        self.limit = Some(events);
        self
    }

    /// Leaves the meta data out, which reads faster.
    #[must_use]
    pub fn without_meta(mut self) -> Self {
        self.without_meta = true;
        self
    }

    /// Whether an event meets all conditions; the limit is none of them.
    pub(super) fn takes(&self, event: &Committed) -> bool {
        let Self { stream, categories, names, correlation, .. } = self;
        stream.as_ref().is_none_or(|stream| *stream == event.stream)
            && self.from_id.is_none_or(|from| event.id >= from)
            && self.to_id.is_none_or(|to| event.id <= to)
            && self.from_version.is_none_or(|from| event.version >= from)
            && self.to_version.is_none_or(|to| event.version <= to)
            && self.from_time.is_none_or(|from| event.created >= from)
            && self.to_time.is_none_or(|to| event.created <= to)
            && (categories.is_empty()
                || categories.iter().any(|name| name == event.stream.category()))
            && (names.is_empty() || names.iter().any(|name| **name == *event.name))
            && correlation.as_deref().is_none_or(|wanted| event.meta.correlation() == Some(wanted))
    }
}
