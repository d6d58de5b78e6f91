//! A store whose answers can be spoilt on purpose; what it keeps is another's.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use actum::{
    Committed, Error, Id, Json, Result, StreamId, Timestamp,
    store::{
        Appended, Batch, BoxFuture, Document, Keyed, Lease, Leases, Log, Pages, Query, Snapshot,
        Snapshots, Store, ViewCommit, ViewId, Views, Watch,
    },
};
use futures_util::StreamExt;

#[derive(Clone)]
pub struct Faulty {
    inner: Arc<dyn Store>,
    pub faults: Arc<Faults>,
}

#[derive(Default)]
pub struct Faults {
    /// Appends are stored and answered with an error.
    pub loses_answers: AtomicBool,
    pub refuses_snapshots: AtomicBool,
    pub refuses_views: AtomicBool,
    /// A read of several streams breaks before this id; 0 for never.
    pub breaks_before: AtomicU64,
    /// A read of one stream breaks before this version; 0 for never.
    pub breaks_before_version: AtomicU64,
    /// How many events the reads of projections have given out.
    pub given_out: AtomicU64,
    /// From which ids on projections read.
    pub scans: Mutex<Vec<Id>>,
}

impl Faulty {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, faults: Arc::default() }
    }
}

fn failed<T>(action: &str) -> Result<T> {
    let source = "injected".into();
    Err(Error::Store { store: "faulty", action: action.to_owned(), source })
}

impl Log for Faulty {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            let appended = self.inner.append(batch).await?;
            if self.faults.loses_answers.load(SeqCst) { failed("append") } else { Ok(appended) }
        })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.inner.keyed(key)
    }

    fn read(&self, query: Query) -> Pages {
        let (several, projects) = (query.stream.is_none(), !query.names.is_empty());
        let faults = Arc::clone(&self.faults);
        if projects {
            self.faults
                .scans
                .lock()
                .expect("no panic before")
                .push(query.from_id.unwrap_or_default());
        }
        let breaks = move |event: &Committed| {
            let (at, before) = if several {
                (event.id.0, faults.breaks_before.load(SeqCst))
            } else {
                (event.version.0, faults.breaks_before_version.load(SeqCst))
            };
            before != 0 && at >= before
        };
        let faults = Arc::clone(&self.faults);
        let pages = self.inner.read(query).flat_map(move |page| {
            let parts = match page {
                Ok(mut page) => {
                    let broken = page.iter().position(&breaks);
                    page.truncate(broken.unwrap_or(page.len()));
                    if projects {
                        faults.given_out.fetch_add(page.len() as u64, SeqCst);
                    }
                    let page = (!page.is_empty()).then_some(Ok(page));
                    page.into_iter().chain(broken.map(|_| failed("read events"))).collect()
                }
                Err(error) => vec![Err(error)],
            };
            futures_util::stream::iter(parts)
        });
        Box::pin(pages)
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

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        if self.faults.refuses_snapshots.load(SeqCst) {
            return Box::pin(async { failed("save a snapshot") });
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
        if self.faults.refuses_views.load(SeqCst) {
            return Box::pin(async { failed("commit a view") });
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
