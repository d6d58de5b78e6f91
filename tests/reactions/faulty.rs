//! A store that can refuse the commits of views, as if the process died before each.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
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

#[derive(Clone)]
pub struct Faulty {
    inner: Arc<dyn Store>,
    pub refuses_views: Arc<AtomicBool>,
}

impl Faulty {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, refuses_views: Arc::default() }
    }
}

impl Log for Faulty {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        self.inner.append(batch)
    }
    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.inner.keyed(key)
    }
    fn read(&self, query: Query) -> Pages {
        self.inner.read(query)
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
        self.inner.snapshot(stream)
    }
    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        self.inner.snapshots(after, limit)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
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
    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        self.inner.views()
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        if self.refuses_views.load(SeqCst) {
            let (store, action) = ("faulty", "commit a view".to_owned());
            return Box::pin(async { Err(Error::Store { store, action, source: "no".into() }) });
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

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        self.inner.leases(now)
    }
}
