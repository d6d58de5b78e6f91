//! Folds events into documents: pure but for reading the documents that a page concerns.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Instant,
};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::documents::{Cache, Documents, Slot};
use crate::{
    Committed, Error, Handler, Id, Projection, Result, StreamId,
    projection::{Change, Fate, Route, partition_of, refuse_key},
    store::{Query, Store, ViewId},
};

/// After how many events the clock is looked at.
const LOOK: usize = 8;

/// How many documents are read at once.
const READS: usize = 16;

/// How events of one projection, or of one of its partitions, are folded.
#[derive(Clone)]
pub(super) struct Fold {
    pub(super) store: Arc<dyn Store>,
    pub(super) view: ViewId,
    /// For each handler the aggregates whose events it takes; empty for any.
    pub(super) from: Vec<Vec<&'static str>>,
    pub(super) partition: u32,
}

/// Documents, and how far the log is folded into them.
pub(super) struct Folded<P> {
    pub(super) documents: Documents<P>,
    /// The stored checkpoint.
    pub(super) stored: Id,
    /// Up to where the log is folded into the documents.
    pub(super) seen: Id,
}

/// A change of a document that is not in memory.
struct Waiting<P> {
    id: Id,
    key: String,
    change: Deferred<P>,
}

/// A change of a document that is made later.
pub(super) type Deferred<P> = Box<dyn FnOnce(&mut P) -> Result<Fate> + Send>;

impl Fold {
    /// What is stored.
    pub(super) async fn read<P: Projection>(&self) -> Result<Folded<P>> {
        if P::KEYED {
            let stored = self.store.checkpoint(&self.view).await?;
            let documents = Documents::Each(Cache::new(stored == Id(0)));
            return Ok(Folded { documents, stored, seen: stored });
        }
        let (stored, document) = self.store.document(&self.view, "").await?;
        let state = document.map(|json| self.decode(&json)).transpose()?.unwrap_or_default();
        let documents = Documents::One(Slot::new(Some(state)));
        Ok(Folded { documents, stored, seen: stored })
    }

    /// Folds events from a page until it is empty or the time has come; then `seen` stands at the
    /// last one folded. `before_reading` is called before documents are read.
    pub(super) async fn fold<P: Projection>(
        &self,
        folded: &mut Folded<P>,
        page: &mut std::vec::IntoIter<Committed>,
        until: Instant,
        before_reading: impl FnOnce(),
    ) -> Result<()> {
        let mut at = folded.seen;
        let mut waiting = Vec::new();
        let took = self.guarded(&mut at, |at| {
            for (count, event) in (1_usize..).zip(page) {
                *at = event.id;
                waiting.extend(self.take(&mut folded.documents, event)?);
                if count % LOOK == 0 && Instant::now() >= until {
                    break;
                }
            }
            Ok(())
        });
        took?;
        if let Documents::Each(cache) = &mut folded.documents
            && !waiting.is_empty()
        {
            before_reading();
            let keys = waiting.iter().map(|one| one.key.clone()).collect();
            self.load(cache, keys, folded.stored).await?;
            let mut at = folded.seen;
            self.guarded(&mut at, |at| {
                for Waiting { id, key, change } in waiting {
                    *at = id;
                    if let Some(slot) = cache.get(&key) {
                        slot.change(change)?;
                    }
                }
                Ok(())
            })?;
        }
        folded.seen = at;
        Ok(())
    }

    /// Takes in what the events of a range behind `folded.seen` have made of empty documents.
    pub(super) async fn merge<P: Projection>(
        &self,
        folded: &mut Folded<P>,
        later: Folded<P>,
        merge: fn(&mut P, P),
    ) -> Result<()> {
        let to = later.seen;
        match (&mut folded.documents, later.documents) {
            (Documents::One(slot), Documents::One(later)) if later.has_changed() => {
                // The very first events have no earlier ones to be merged with.
                if folded.stored == Id(0) && !slot.has_changed() {
                    *slot = later;
                } else {
                    self.guarded(&mut { to }, |_| {
                        slot.join(later, merge);
                        Ok(())
                    })?;
                }
            }
            (Documents::Each(cache), Documents::Each(later)) => {
                let later: Vec<_> = later.into_all().collect();
                let keys = later.iter().map(|(key, _)| key).filter(|key| !cache.has(key));
                let keys = keys.cloned().collect();
                self.load(cache, keys, folded.stored).await?;
                self.guarded(&mut { to }, |_| {
                    for (key, later) in later {
                        if let Some(slot) = cache.get(&key) {
                            slot.join(later, merge);
                        }
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
        folded.seen = to;
        Ok(())
    }

    /// A handler that panics is an error that names the event.
    pub(super) fn guarded(
        &self,
        at: &mut Id,
        fold: impl FnOnce(&mut Id) -> Result<()>,
    ) -> Result<()> {
        match catch_unwind(AssertUnwindSafe(|| fold(at))) {
            Ok(done) => done,
            Err(panic) => Err(Error::Panicked {
                view: self.view.to_string(),
                id: *at,
                message: message(panic.as_ref()),
            }),
        }
    }

    /// Folds one event, unless its document must be read first.
    fn take<P: Projection>(
        &self,
        documents: &mut Documents<P>,
        event: Committed,
    ) -> Result<Option<Waiting<P>>> {
        let Some(handler) = self.handler::<P>(&event) else { return Ok(None) };
        let call = handler.call;
        let cache = match documents {
            Documents::One(slot) => {
                slot.change(|state| call(state, event))?;
                return Ok(None);
            }
            Documents::Each(cache) => cache,
        };
        let id = event.id;
        if let Route::Key(change) = handler.route {
            let stream = event.stream.clone();
            let Change { key, apply } = change(event)?;
            self.check(&stream, id, &key)?;
            if !self.is_mine::<P>(&key) {
                return Ok(None);
            }
            if let Some(slot) = cache.get(&key) {
                slot.change(|state| Ok(apply(state)))?;
                return Ok(None);
            }
            return Ok(Some(Waiting { id, key, change: Box::new(move |state| Ok(apply(state))) }));
        }
        if !self.is_mine::<P>(event.stream.as_str()) {
            return Ok(None);
        }
        if let Some(slot) = cache.get(event.stream.as_str()) {
            slot.change(|state| call(state, event))?;
            return Ok(None);
        }
        let key = event.stream.as_str().to_owned();
        Ok(Some(Waiting { id, key, change: Box::new(move |state| call(state, event)) }))
    }

    /// Whether an event changes a document of this projection or partition; an event that cannot
    /// be read concerns everyone.
    pub(super) fn concerns<P: Projection>(&self, event: Committed) -> bool {
        let Some(handler) = self.handler::<P>(&event) else { return false };
        match handler.route {
            Route::One => true,
            Route::Stream => self.is_mine::<P>(event.stream.as_str()),
            Route::Key(_) if P::PARTITIONS <= 1 => true,
            Route::Key(change) => {
                let key = catch_unwind(AssertUnwindSafe(|| change(event).map(|one| one.key)));
                key.map_or(true, |key| key.map_or(true, |key| self.is_mine::<P>(&key)))
            }
        }
    }

    pub(super) fn handler<P: Projection>(&self, event: &Committed) -> Option<&'static Handler<P>> {
        let takes =
            |from: &Vec<&'static str>| from.is_empty() || from.contains(&event.stream.category());
        P::HANDLERS
            .iter()
            .zip(&self.from)
            .find(|(handler, from)| *handler.event.name == *event.name && takes(from))
            .map(|(handler, _)| handler)
    }

    pub(super) fn is_mine<P: Projection>(&self, key: &str) -> bool {
        partition_of(key, P::PARTITIONS) == self.partition
    }

    pub(super) fn check(&self, stream: &StreamId, id: Id, key: &str) -> Result<()> {
        let Some(why) = refuse_key(key) else { return Ok(()) };
        let key = key.chars().take(80).collect();
        let (view, stream) = (self.view.to_string(), stream.clone());
        Err(Error::InvalidKey { view, stream, id, key, why })
    }

    /// Reads the documents that are waited for.
    async fn load<P: Projection>(
        &self,
        cache: &mut Cache<P>,
        mut keys: Vec<String>,
        stored: Id,
    ) -> Result<()> {
        keys.sort_unstable();
        keys.dedup();
        let reads = keys.into_iter().map(|key| async move {
            let (checkpoint, document) = self.store.document(&self.view, &key).await?;
            if checkpoint != stored {
                let (view, expected) = (self.view.to_string(), stored);
                return Err(Error::Stale { view, expected, actual: checkpoint });
            }
            let state = document.map(|json| self.decode(&json)).transpose()?;
            Ok((key, state))
        });
        let mut read = stream::iter(reads).buffer_unordered(READS);
        while let Some((key, state)) = read.try_next().await? {
            cache.insert(key, state);
        }
        Ok(())
    }

    fn decode<P: Projection>(&self, json: &crate::Json) -> Result<P> {
        json.decode().map_err(|source| Error::Document { view: self.view.to_string(), source })
    }
}

/// The events that a projection takes.
pub(super) fn query<P: Projection>() -> Query {
    crate::projection::kinds::<P>().fold(Query::all(), |query, kind| query.name(kind.name))
}

pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
