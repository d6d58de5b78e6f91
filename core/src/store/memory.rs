//! The reference store: everything in the memory of one process, gone with it.
//!
//! It states the rules of the ports in the plainest code; the other stores are compared with it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    future::ready,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use foldhash::HashMap;
use futures_util::stream;
use jiff::Timestamp;

use crate::{
    Committed, Conflict, Error, Id, Json, Result, StreamId, Version,
    store::{
        Appended, Batch, BoxFuture, Direction, Document, Key, Keyed, Lease, Leases, Log, NewEvent,
        Pages, Placed, Query, Snapshot, Snapshots, ViewCommit, ViewId, Views, Watch, Write,
        watch::Waker,
    },
};

/// How many events a page holds at most.
const PAGE: usize = 512;

/// A store in memory, for tests and for what need not last; clones share it.
///
/// ```
/// use actum::{Id, store::{Log, Memory}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = Memory::new();
/// assert_eq!(store.head().await?, Id(0));
/// # Ok::<(), actum::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    waker: Waker,
}

impl Default for Shared {
    fn default() -> Self {
        Self { state: Mutex::default(), waker: Waker::new(Id(0)) }
    }
}

#[derive(Debug, Default)]
struct State {
    /// In the order of their ids.
    events: Vec<Committed>,
    /// What is added to an index to get the id before it.
    before: u64,
    /// The indexes of each stream's events, in the order of their versions.
    streams: HashMap<StreamId, Vec<usize>>,
    names: HashMap<String, Arc<str>>,
    keys: HashMap<Arc<str>, Keyed>,
    snapshots: HashMap<StreamId, Snapshot>,
    views: HashMap<ViewId, View>,
    leases: HashMap<String, Lease>,
}

#[derive(Debug, Default)]
struct View {
    checkpoint: Id,
    documents: BTreeMap<String, Json>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store whose first event gets the id after this one.
    pub fn starting_after(id: Id) -> Self {
        let memory = Self::new();
        memory.state().before = id.0;
        memory.0.waker.wake(id);
        memory
    }

    /// A panic cannot leave the state half changed: every change is checked before it begins.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, batch: Batch) -> Result<Appended> {
        batch.check()?;
        let mut state = self.state();
        if let Some(key) = &batch.key
            && let Some(first) = state.first_outcome(key)?
        {
            return Ok(first);
        }
        for write in &batch.writes {
            state.check(write)?;
        }
        let placed = batch.writes.into_iter().map(|write| state.store(write)).collect();
        let appended = Appended { placed, repeated: false };
        if let Some(Key { key, fingerprint }) = batch.key {
            state.keys.insert(key, Keyed { fingerprint, appended: appended.clone() });
        }
        let head = state.head();
        drop(state);
        self.0.waker.wake(head);
        Ok(appended)
    }
}

impl State {
    fn head(&self) -> Id {
        Id(self.before + self.events.len() as u64)
    }

    fn version(&self, stream: &StreamId) -> Version {
        Version(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    fn first_outcome(&self, key: &Key) -> Result<Option<Appended>> {
        match self.keys.get(&key.key) {
            None => Ok(None),
            Some(first) if first.fingerprint == key.fingerprint => {
                Ok(Some(Appended { repeated: true, ..first.appended.clone() }))
            }
            Some(_) => Err(Error::KeyReused { key: key.key.to_string() }),
        }
    }

    fn check(&self, write: &Write) -> Result<()> {
        let actual = self.version(&write.stream);
        if write.expected.holds(actual) {
            return Ok(());
        }
        Err(Conflict::new(write.stream.clone(), write.expected, actual).into())
    }

    fn store(&mut self, write: Write) -> Placed {
        if write.events.is_empty() {
            return Placed { version: self.version(&write.stream), ..Placed::default() };
        }
        let (first, begin) = (self.head().next(), self.events.len());
        let entry = self.streams.entry(write.stream);
        // The name that is there already, so that all events of a stream share it.
        let stream = entry.key().clone();
        let places = entry.or_default();
        let before = Version(places.len() as u64);
        places.extend(begin..begin + write.events.len());
        let mut version = before;
        let count = write.events.len() as u64;
        for NewEvent { name, schema, data, meta, created } in write.events {
            version = version.next();
            let name = self.interned(name);
            self.events.push(Committed {
                name,
                schema,
                data,
                id: self.head().next(),
                stream: stream.clone(),
                version,
                created,
                meta,
            });
        }
        Placed { first, last: self.head(), version, count }
    }

    fn interned(&mut self, name: Cow<'static, str>) -> Arc<str> {
        if let Some(shared) = self.names.get(&*name) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = name.as_ref().into();
        self.names.insert(name.into_owned(), Arc::clone(&shared));
        shared
    }

    /// The next page in the range `at..end`, and the range that is left.
    fn page(&self, query: &Query, range: &mut std::ops::Range<usize>, left: u64) -> Vec<Committed> {
        let places = query
            .stream
            .as_ref()
            .map(|stream| self.streams.get(stream).map(Vec::as_slice).unwrap_or_default());
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(PAGE);
        let mut page = Vec::new();
        while page.len() < most {
            let next = match query.direction {
                Direction::Forward => range.next(),
                Direction::Backward => range.next_back(),
            };
            let Some(at) = next else { break };
            let at = match places {
                Some(places) => places.get(at).copied().unwrap_or(usize::MAX),
                None => at,
            };
            if let Some(event) = self.events.get(at)
                && query.takes(event)
            {
                page.push(event.clone());
            }
        }
        page
    }

    fn fence(&self, lease: Option<&Lease>) -> Result<()> {
        match lease {
            Some(lease) if !self.leases.get(&lease.name).is_some_and(|held| same(held, lease)) => {
                Err(Error::Fenced { lease: lease.name.clone(), token: lease.token })
            }
            _ => Ok(()),
        }
    }
}

fn same(held: &Lease, lease: &Lease) -> bool {
    held.token == lease.token && held.holder == lease.holder
}

impl Log for Memory {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(ready(self.append_now(batch)))
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        Box::pin(async move { Ok(self.state().keys.get(key).cloned()) })
    }

    fn read(&self, query: Query) -> Pages {
        let memory = self.clone();
        let end = {
            let state = memory.state();
            match &query.stream {
                Some(stream) => state.streams.get(stream).map_or(0, Vec::len),
                None => state.events.len(),
            }
        };
        let left = query.limit.unwrap_or(u64::MAX);
        // Ids are dense here, and so are versions: the bounds are indexes.
        let (from, to) = if query.stream.is_some() {
            (query.from_version.map(|from| from.0), query.to_version.map(|to| to.0))
        } else {
            let before = memory.state().before;
            let number = |id: Id| id.0.saturating_sub(before);
            (query.from_id.map(number), query.to_id.map(number))
        };
        let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let start = from.map_or(0, |from| index(from.saturating_sub(1)));
        let end = to.map_or(end, |to| index(to).min(end));
        Box::pin(stream::unfold((start..end, left), move |(mut range, left)| {
            let page = memory.state().page(&query, &mut range, left);
            let left = left - page.len() as u64;
            async move { (!page.is_empty()).then_some((Ok(page), (range, left))) }
        }))
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        Box::pin(async { Ok(self.state().head()) })
    }

    fn watch(&self) -> Watch {
        self.0.waker.watch()
    }
}

impl Snapshots for Memory {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        Box::pin(async move { Ok(self.state().snapshots.get(stream).cloned()) })
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        Box::pin(async move {
            let state = self.state();
            let mut kept: Vec<_> = state
                .snapshots
                .values()
                .filter(|kept| after.is_none_or(|after| kept.stream > *after))
                .collect();
            kept.sort_unstable_by(|one, other| one.stream.cmp(&other.stream));
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            Ok(kept.into_iter().take(most).cloned().collect())
        })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut state = self.state();
            let newer = state.snapshots.get(&snapshot.stream).is_some_and(|kept| {
                kept.fingerprint == snapshot.fingerprint && kept.version > snapshot.version
            });
            if !newer {
                state.snapshots.insert(snapshot.stream.clone(), snapshot);
            }
            Ok(())
        })
    }
}

impl Views for Memory {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        Box::pin(async move {
            Ok(self.state().views.get(view).map(|view| view.checkpoint).unwrap_or_default())
        })
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        Box::pin(async move {
            let state = self.state();
            let view = state.views.get(view);
            Ok(view
                .map_or((Id(0), None), |view| (view.checkpoint, view.documents.get(key).cloned())))
        })
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        Box::pin(async move {
            let state = self.state();
            let Some(view) = state.views.get(view) else { return Ok(Vec::new()) };
            let start = match after {
                Some(after) if after >= prefix => Bound::Excluded(after),
                _ => Bound::Included(prefix),
            };
            Ok(view
                .documents
                .range::<str, _>((start, Bound::Unbounded))
                .take_while(|(key, _)| key.starts_with(prefix))
                .take(usize::try_from(limit).unwrap_or(usize::MAX))
                .map(|(key, data)| Document { key: key.clone(), data: Some(data.clone()) })
                .collect())
        })
    }

    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        Box::pin(async move {
            let state = self.state();
            let each = state.views.iter();
            let mut views: Vec<_> = each.map(|(id, view)| (id.clone(), view.checkpoint)).collect();
            views.sort_unstable_by(|(one, _), (other, _)| {
                (&one.name, one.version).cmp(&(&other.name, other.version))
            });
            Ok(views)
        })
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut state = self.state();
            state.fence(commit.lease.as_ref())?;
            let name = commit.view.to_string();
            let view = state.views.entry(commit.view).or_default();
            if view.checkpoint != commit.from {
                let (expected, actual) = (commit.from, view.checkpoint);
                return Err(Error::Stale { view: name, expected, actual });
            }
            view.checkpoint = commit.to;
            for Document { key, data } in commit.documents {
                match data {
                    Some(data) => view.documents.insert(key, data),
                    None => view.documents.remove(&key),
                };
            }
            Ok(())
        })
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.state().views.remove(view);
            Ok(())
        })
    }
}

impl Leases for Memory {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        Box::pin(async move {
            let mut state = self.state();
            let held = state.leases.get(name);
            let token = match held {
                Some(held) if held.holder == holder => held.token,
                Some(held) if held.until > now => return Ok(None),
                Some(held) => held.token + 1,
                None => 1,
            };
            let until = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            let lease = Lease { name: name.to_owned(), holder: holder.to_owned(), token, until };
            state.leases.insert(name.to_owned(), lease.clone());
            Ok(Some(lease))
        })
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        Box::pin(async move {
            let mut state = self.state();
            state.fence(Some(lease))?;
            let until = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            let renewed = Lease { until, ..lease.clone() };
            state.leases.insert(lease.name.clone(), renewed.clone());
            Ok(renewed)
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // The token stays, so that the next holder gets a larger one.
            if let Some(held) = self.state().leases.get_mut(&lease.name)
                && same(held, lease)
            {
                held.until = Timestamp::MIN;
                held.holder.clear();
            }
            Ok(())
        })
    }

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        Box::pin(async move {
            let state = self.state();
            let mut held: Vec<_> =
                state.leases.values().filter(|held| held.until > now).cloned().collect();
            held.sort_unstable_by(|one, other| one.name.cmp(&other.name));
            Ok(held)
        })
    }
}
