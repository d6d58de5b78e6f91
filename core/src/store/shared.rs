//! A shared store is a store: the ports through an `Arc`, for stores chosen at run time.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    Id, Json, Result, StreamId,
    store::{
        Appended, Batch, BoxFuture, Document, Keyed, Lease, Leases, Log, Pages, Query, Snapshot,
        Snapshots, ViewCommit, ViewId, Views, Watch,
    },
};

impl<T: Log + ?Sized> Log for Arc<T> {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        (**self).append(batch)
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        (**self).keyed(key)
    }

    fn read(&self, query: Query) -> Pages {
        (**self).read(query)
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        (**self).head()
    }

    fn watch(&self) -> Watch {
        (**self).watch()
    }

    fn truncate<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<u64>> {
        (**self).truncate(stream)
    }
}

impl<T: Snapshots + ?Sized> Snapshots for Arc<T> {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        (**self).snapshot(stream)
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        (**self).snapshots(after, limit)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        (**self).save_snapshot(snapshot)
    }
}

impl<T: Views + ?Sized> Views for Arc<T> {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        (**self).checkpoint(view)
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        (**self).document(view, key)
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        (**self).documents(view, prefix, after, limit)
    }

    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        (**self).views()
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        (**self).commit(commit)
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        (**self).reset(view)
    }
}

impl<T: Leases + ?Sized> Leases for Arc<T> {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        (**self).acquire(name, holder, now, ttl)
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        (**self).renew(lease, now, ttl)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        (**self).release(lease)
    }

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        (**self).leases(now)
    }
}
