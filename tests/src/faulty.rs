//! A store with faults: what it keeps is another's, what it answers is spoilt on purpose.
//!
//! Every port passes through; [`Faults`] says where it does not.

use std::{sync::Arc, time::Duration};

use actum::{
    Error, Id, Json, Result, StreamId, Timestamp,
    store::{
        Appended, Batch, BoxFuture, Document, Keyed, Lease, Leases, Log, Pages, Query, Snapshot,
        Snapshots, Store, ViewCommit, ViewId, Views, Watch,
    },
};

mod switches;

pub use switches::{Read, Switches};

/// What goes wrong; whatever is not told here goes right.
pub trait Faults: Send + Sync + 'static {
    fn append<'a>(&'a self, inner: &'a dyn Store, batch: Batch) -> BoxFuture<'a, Result<Appended>> {
        inner.append(batch)
    }

    fn read(self: Arc<Self>, inner: &dyn Store, query: Query) -> Pages {
        inner.read(query)
    }

    fn head<'a>(&'a self, inner: &'a dyn Store) -> BoxFuture<'a, Result<Id>> {
        inner.head()
    }

    fn snapshot<'a>(
        &'a self,
        inner: &'a dyn Store,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        inner.snapshot(stream)
    }

    fn save_snapshot<'a>(
        &'a self,
        inner: &'a dyn Store,
        snapshot: Snapshot,
    ) -> BoxFuture<'a, Result<()>> {
        inner.save_snapshot(snapshot)
    }

    fn commit<'a>(&'a self, inner: &'a dyn Store, commit: ViewCommit) -> BoxFuture<'a, Result<()>> {
        inner.commit(commit)
    }
}

/// A store with faults; clones share them.
pub struct Faulty<F> {
    inner: Arc<dyn Store>,
    pub faults: Arc<F>,
}

impl<F: Faults + Default> Faulty<F> {
    /// Without faults until they are switched on.
    pub fn new(inner: impl Store) -> Self {
        Self::with(inner, F::default())
    }
}

impl<F: Faults> Faulty<F> {
    pub fn with(inner: impl Store, faults: F) -> Self {
        Self { inner: Arc::new(inner), faults: Arc::new(faults) }
    }
}

impl<F> Clone for Faulty<F> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), faults: Arc::clone(&self.faults) }
    }
}

/// What a fault answers.
pub fn failed<T>(action: &str) -> Result<T> {
    let source = "injected".into();
    Err(Error::Store { store: "faulty", action: action.to_owned(), source })
}

impl<F: Faults> Log for Faulty<F> {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        self.faults.append(&*self.inner, batch)
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.inner.keyed(key)
    }

    fn read(&self, query: Query) -> Pages {
        Arc::clone(&self.faults).read(&*self.inner, query)
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        self.faults.head(&*self.inner)
    }

    fn watch(&self) -> Watch {
        self.inner.watch()
    }
}

impl<F: Faults> Snapshots for Faulty<F> {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        self.faults.snapshot(&*self.inner, stream)
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        self.inner.snapshots(after, limit)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        self.faults.save_snapshot(&*self.inner, snapshot)
    }
}

impl<F: Faults> Views for Faulty<F> {
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
        self.faults.commit(&*self.inner, commit)
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        self.inner.reset(view)
    }
}

impl<F: Faults> Leases for Faulty<F> {
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
