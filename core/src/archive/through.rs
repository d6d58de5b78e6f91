//! A store whose reads give what was archived as well, in its place.
//!
//! Whatever reads through it sees the log as if nothing had ever been removed: loads, histories,
//! projections that are built anew, reactions, subscriptions.

use std::{collections::HashMap, sync::Arc};

use futures_util::{StreamExt, stream};

use super::{Archive, Index};
use crate::{
    Archived, Committed, Id, Result, StreamId, Version,
    store::{
        Appended, Batch, BoxFuture, Direction, Keyed, Log, Pages, Query, Store, Watch,
        layer::passes_on,
    },
};

/// A store, and the archive with what is no longer in its log.
pub(crate) struct Through {
    under: Arc<dyn Store>,
    index: Arc<Index>,
}

impl Through {
    pub(crate) fn new(under: Arc<dyn Store>, archive: Option<Arc<dyn Archive>>) -> Self {
        let index = Arc::new(Index::new(Arc::clone(&under), archive));
        Self { under, index }
    }

    pub(crate) fn index(&self) -> &Arc<Index> {
        &self.index
    }
}

impl Log for Through {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        self.under.append(batch)
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.under.keyed(key)
    }

    fn read(&self, query: Query) -> Pages {
        let reading = Reading::new(Arc::clone(&self.under), Arc::clone(&self.index), query);
        Box::pin(stream::unfold(reading, |mut reading| async move {
            let page = reading.next().await.transpose()?;
            reading.left = if page.is_err() { 0 } else { reading.left };
            Some((page, reading))
        }))
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        self.under.head()
    }

    fn watch(&self) -> Watch {
        self.under.watch()
    }

    fn truncate<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<u64>> {
        self.under.truncate(stream)
    }
}

passes_on!(Through, under);

/// A read of the log, with what is archived put in.
struct Reading {
    under: Arc<dyn Store>,
    index: Arc<Index>,
    query: Query,
    pages: Pages,
    /// How many entries were known when the read of the log began.
    known: usize,
    /// How many events are still wanted; none after the end.
    left: u64,
    /// The id of the event that was handed out last.
    reached: Option<Id>,
    /// The version that must come next if nothing is missing, where the query leaves nothing out.
    due: Option<Version>,
    /// The events of archived streams that the read is in the midst of.
    open: HashMap<StreamId, Vec<Committed>>,
}

impl Reading {
    fn new(under: Arc<dyn Store>, index: Arc<Index>, query: Query) -> Self {
        let (pages, known) = (Log::read(&*under, query.clone()), index.len());
        let left = query.limit.unwrap_or(u64::MAX);
        let due = is_whole(&query).then(|| query.from_version.unwrap_or_default().max(Version(1)));
        Self { under, index, query, pages, known, left, reached: None, due, open: HashMap::new() }
    }

    /// The next page; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Committed>>> {
        while self.left > 0 {
            let Some(page) = self.pages.next().await.transpose()? else {
                if self.due.is_some() && self.query.to_version.is_none() {
                    // The last event of a stream is never removed: nothing is behind it.
                    break;
                }
                // What was archived since the read began may have been removed behind its back.
                let known = self.index.look().await?;
                if known > self.known {
                    self.known = known;
                    self.pages = Log::read(&*self.under, self.rest());
                    continue;
                }
                let page = self.archived(None).await?;
                return Ok(self.hand_out(page, true));
            };
            let Some(last) = page.last().map(|event| event.id) else { continue };
            let page = if self.follows(&page) {
                page
            } else {
                self.index.look().await?;
                self.merged(page, last).await?
            };
            let page = self.hand_out(page, false);
            self.reached = Some(last);
            if page.is_some() {
                return Ok(page);
            }
        }
        Ok(None)
    }

    /// Whether a page follows what was handed out, so that nothing can be missing.
    fn follows(&mut self, page: &[Committed]) -> bool {
        let Some(due) = &mut self.due else { return false };
        for event in page {
            if event.version != *due {
                *due = page.last().map_or(*due, |event| event.version.next());
                return false;
            }
            *due = due.next();
        }
        true
    }

    /// A page of the log with what is archived put in; both may have an event.
    async fn merged(&mut self, page: Vec<Committed>, last: Id) -> Result<Vec<Committed>> {
        let mut archived = self.archived(Some(last)).await?;
        if archived.is_empty() {
            return Ok(page);
        }
        archived.extend(page);
        archived.sort_by_key(|event| event.id);
        archived.dedup_by_key(|event| event.id);
        if self.query.direction == Direction::Backward {
            archived.reverse();
        }
        Ok(archived)
    }

    /// What is archived and wanted, behind what was handed out, up to an id or to the end.
    async fn archived(&mut self, to: Option<Id>) -> Result<Vec<Committed>> {
        let Query { from_id, to_id, stream, categories, .. } = self.query.clone();
        let (lowest, highest) = (from_id.unwrap_or_default(), to_id.unwrap_or(Id(u64::MAX)));
        let (first, last) = match self.query.direction {
            Direction::Forward => {
                (self.reached.map_or(lowest, Id::next).max(lowest), to.unwrap_or(highest))
            }
            Direction::Backward => {
                let below = self.reached.map_or(highest, |id| Id(id.0.saturating_sub(1)));
                (to.unwrap_or(lowest), below.min(highest))
            }
        };
        let entries = self.index.between(first, last);
        let concerns = |entry: &Archived| {
            stream.as_ref().is_none_or(|stream| *stream == entry.stream)
                && (categories.is_empty()
                    || categories.iter().any(|name| name == entry.stream.category()))
                && self.query.from_version.is_none_or(|from| from <= entry.version)
        };
        let mut found = Vec::new();
        let mut open = HashMap::new();
        for entry in entries.iter().filter(|entry| concerns(entry)) {
            let events = match self.open.remove(&entry.stream) {
                Some(events) => events,
                None => self.index.events(entry).await?,
            };
            let within = |event: &&Committed| event.id >= first && event.id <= last;
            let wanted = events.iter().filter(within).filter(|event| self.query.wants(event));
            found.extend(wanted.cloned());
            open.insert(entry.stream.clone(), events);
        }
        // The others are behind the read.
        self.open = open;
        found.sort_by_key(|event| event.id);
        if self.query.direction == Direction::Backward {
            found.reverse();
        }
        Ok(found)
    }

    /// Hands a page out, as much of it as is still wanted.
    fn hand_out(&mut self, mut page: Vec<Committed>, is_last: bool) -> Option<Vec<Committed>> {
        page.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= page.len() as u64;
        self.left = if is_last { 0 } else { self.left };
        (!page.is_empty()).then_some(page)
    }

    /// What is left to be read of the log.
    fn rest(&self) -> Query {
        let mut query = self.query.clone();
        query.limit = query.limit.map(|_| self.left);
        match (self.reached, query.direction) {
            (None, _) => query,
            (Some(id), Direction::Forward) => query.after(id),
            (Some(id), Direction::Backward) => query.to_id(Id(id.0.saturating_sub(1))),
        }
    }
}

/// Whether a query asks for all events of a stream from a version on, so that a gap shows.
fn is_whole(query: &Query) -> bool {
    query.stream.is_some()
        && query.direction == Direction::Forward
        && query.names.is_empty()
        && query.categories.is_empty()
        && query.correlation.is_none()
        && query.from_id.is_none()
        && query.to_id.is_none()
        && query.from_time.is_none()
        && query.to_time.is_none()
}
