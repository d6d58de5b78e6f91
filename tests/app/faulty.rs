//! A store whose parts fail when told to, and which counts what is read through it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use actum::{
    Error, Id, Json, Result, StreamId, Timestamp,
    store::{
        Appended, Batch, BoxFuture, Document, Keyed, Lease, Leases, Log, Pages, Query, Snapshot,
        Snapshots, Store, ViewCommit, ViewId, Views, Watch,
    },
};
use futures_util::StreamExt;

/// Which parts fail; shared with the store.
#[derive(Default)]
pub struct Faults {
    pub snapshots: AtomicBool,
    pub commits: AtomicBool,
    /// Reads end with an error after their first event, but for those of one event.
    pub reads: AtomicBool,
    /// How many events were read.
    pub events: AtomicU64,
    pub queries: Mutex<Vec<Query>>,
    /// Appends wait while somebody holds it for writing.
    pub appends: tokio::sync::RwLock<()>,
    /// How many appends have come and not been passed on.
    pub waiting: AtomicU64,
}

#[derive(Clone)]
pub struct Faulty {
    inner: Arc<dyn Store>,
    pub faults: Arc<Faults>,
}

impl Faulty {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, faults: Arc::default() }
    }
}

fn fault(action: &str) -> Error {
    Error::Store { store: "faulty", action: action.to_owned(), source: "a fault".into() }
}

impl Log for Faulty {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            self.faults.waiting.fetch_add(1, SeqCst);
            drop(self.faults.appends.read().await);
            self.faults.waiting.fetch_sub(1, SeqCst);
            self.inner.append(batch).await
        })
    }
    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.inner.keyed(key)
    }
    fn read(&self, query: Query) -> Pages {
        self.faults.queries.lock().expect("no panic").push(query.clone());
        if self.faults.reads.load(SeqCst) && query.limit != Some(1) {
            let end = futures_util::stream::once(async { Err(fault("read on")) });
            return Box::pin(self.inner.read(query.limit(1)).chain(end));
        }
        let faults = Arc::clone(&self.faults);
        Box::pin(self.inner.read(query).inspect(move |page| {
            let events = page.as_ref().map_or(0, Vec::len);
            faults.events.fetch_add(events as u64, SeqCst);
        }))
    }
    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        self.inner.head()
    }
    fn watch(&self) -> Watch {
        self.inner.watch()
    }
}

impl Snapshots for Faulty {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        if self.faults.snapshots.load(SeqCst) {
            return Box::pin(async { Err(fault("read a snapshot")) });
        }
        self.inner.snapshot(stream)
    }
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        if self.faults.snapshots.load(SeqCst) {
            return Box::pin(async { Err(fault("save a snapshot")) });
        }
        self.inner.save_snapshot(snapshot)
    }
}

impl Views for Faulty {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        self.inner.checkpoint(view)
    }
    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        self.inner.document(view, key)
    }
    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        self.inner.documents(view, prefix, after, limit)
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        if self.faults.commits.load(SeqCst) {
            return Box::pin(async { Err(fault("commit a view")) });
        }
        self.inner.commit(commit)
    }
    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        self.inner.reset(view)
    }
}

impl Leases for Faulty {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        self.inner.acquire(name, holder, now, ttl)
    }
    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        self.inner.renew(lease, now, ttl)
    }
    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        self.inner.release(lease)
    }
}
