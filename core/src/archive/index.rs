//! Which streams were archived, as far as it is known, and what the archive has of them.
//!
//! One entry for each archived stream stays in memory. An entry stands in the log before any event
//! of its stream is removed, and nothing is removed before the head of the log has passed the
//! entry. So whoever misses an event in a page finds its entry when they look after the page.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::StreamExt;

use super::{Archive, checksum, decode};
use crate::{
    Archived, Committed, Error, Id, Result, StreamId, Version,
    store::{Log, Query, Store},
};

/// What is known of archived streams, and where their events are.
pub(crate) struct Index {
    store: Arc<dyn Store>,
    archive: Option<Arc<dyn Archive>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// The version up to which the entries were read.
    seen: Version,
    /// By the ids of their first events.
    entries: Vec<Arc<Archived>>,
    streams: HashMap<StreamId, Arc<Archived>>,
}

impl Index {
    pub(crate) fn new(store: Arc<dyn Store>, archive: Option<Arc<dyn Archive>>) -> Self {
        Self { store, archive, known: Mutex::default() }
    }

    /// Where the events are kept; `None` where the app was built without.
    pub(crate) fn archive(&self) -> Option<&dyn Archive> {
        self.archive.as_deref()
    }

    /// Looks for new entries; how many are known.
    pub(crate) async fn look(&self) -> Result<usize> {
        let seen = self.known().seen;
        let stream: StreamId = Archived::STREAM.parse()?;
        let mut pages = Log::read(&*self.store, Query::stream(stream).from_version(seen.next()));
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for event in page? {
                if *event.name == *Archived::NAME {
                    found.push(event.decode_own::<Archived>(Archived::NAME)?);
                }
            }
        }
        if found.is_empty() {
            return Ok(self.known().entries.len());
        }
        // Who reads up to the head must not be given events that lie beyond it. Behind it, nothing
        // has been removed yet.
        let head = self.store.head().await?;
        let mut known = self.known();
        for Committed { data, version, .. } in found.into_iter().filter(|entry| entry.id <= head) {
            if version <= known.seen {
                continue;
            }
            known.seen = version;
            if !known.streams.contains_key(&data.stream) {
                let entry = Arc::new(data);
                known.streams.insert(entry.stream.clone(), Arc::clone(&entry));
                known.entries.push(entry);
            }
        }
        known.entries.sort_by_key(|entry| entry.first);
        Ok(known.entries.len())
    }

    /// How many entries are known.
    pub(super) fn len(&self) -> usize {
        self.known().entries.len()
    }

    /// What is known of a stream.
    pub(crate) fn of(&self, stream: &StreamId) -> Option<Arc<Archived>> {
        self.known().streams.get(stream).map(Arc::clone)
    }

    /// The entries of streams that may have events between two ids, both included.
    pub(super) fn between(&self, first: Id, last: Id) -> Vec<Arc<Archived>> {
        let known = self.known();
        let begun = known.entries.iter().take_while(|entry| entry.first <= last);
        begun.filter(|entry| entry.last >= first).map(Arc::clone).collect()
    }

    /// The events of an archived stream, which are what was put there.
    pub(crate) async fn events(&self, entry: &Archived) -> Result<Vec<Committed>> {
        let Archived { stream, version, name, checksum: sum, .. } = entry;
        let Some(archive) = &self.archive else {
            let (stream, version, name) = (stream.clone(), *version, name.clone());
            return Err(Error::NoArchive { stream, version, name });
        };
        let failed = |source| Error::Archive {
            stream: stream.clone(),
            action: "read back from the archive",
            name: name.clone(),
            source,
        };
        let text = archive.get(name).await.map_err(failed)?;
        let text = text.ok_or_else(|| failed("the archive has nothing of this name".into()))?;
        if checksum(&text) != *sum {
            let why = format!("it is not what was put there: its BLAKE3 is not {sum}");
            return Err(failed(why.into()));
        }
        let events = decode(&text).map_err(failed)?;
        if events.last().map(|event| event.version) != Some(*version) {
            return Err(failed("it ends at another version".into()));
        }
        Ok(events)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
