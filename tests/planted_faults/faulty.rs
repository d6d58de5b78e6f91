//! The memory store with one fault planted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use actum::{
    Committed, Id, Json, Result, StreamId, Timestamp,
    store::{
        Appended, Batch, BoxFuture, Document, Keyed, Lease, Leases, Log, Memory, Pages, Query,
        Snapshot, Snapshots, ViewCommit, ViewId, Views, Watch,
    },
};
use futures_util::{StreamExt, TryStreamExt};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A reader is shown id N+1 while it is not yet shown N.
    SkipsAnId,
    /// Of a batch over several streams, only the first is stored.
    TearsABatch,
    /// A key is forgotten at once.
    IgnoresAKey,
    /// A read of one stream gives two neighbours in the wrong order.
    ReordersAStream,
    /// What was committed last is gone after a kill.
    LosesTheLastCommit,
}

#[derive(Clone)]
pub struct Faulty {
    store: Memory,
    fault: Option<Fault>,
    reads: Arc<AtomicU64>,
    commits: Arc<Mutex<Vec<Batch>>>,
    late: Arc<Mutex<HashMap<Id, u64>>>,
}

impl Faulty {
    pub fn new(store: Memory, fault: Option<Fault>) -> Self {
        let (reads, commits, late) = (Arc::default(), Arc::default(), Arc::default());
        Self { store, fault, reads, commits, late }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// What is there after the process was killed: with the fault, all commits but the last.
    pub async fn after_kill(&self) -> Result<Self> {
        if !self.has(Fault::LosesTheLastCommit) {
            return Ok(self.clone());
        }
        let mut commits = self.commits.lock().expect("no panic before").clone();
        commits.pop();
        let survivor = Self::new(Memory::new(), self.fault);
        for batch in commits {
            survivor.append(batch).await?;
        }
        Ok(survivor)
    }

    /// Of two appends that stand side by side, the earlier becomes visible one read later.
    fn is_late(&self, event: &Committed, read: u64) -> bool {
        let mut late = self.late.lock().expect("no panic before");
        let first = *late.entry(event.id).or_insert(read);
        event.id.0 % 5 == 3 && first == read
    }
}

impl Log for Faulty {
    fn append(&self, mut batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            let whole = batch.clone();
            if self.has(Fault::IgnoresAKey) {
                batch.key = None;
            }
            if self.has(Fault::TearsABatch) && batch.writes.len() > 1 {
                return self.torn(batch).await;
            }
            let appended = self.store.append(batch).await?;
            self.commits.lock().expect("no panic before").push(whole);
            Ok(appended)
        })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.store.keyed(key)
    }

    fn read(&self, query: Query) -> Pages {
        let read = self.reads.fetch_add(1, SeqCst);
        let (faulty, one_stream) = (self.clone(), query.stream.is_some());
        let pages = self.store.read(query).map_ok(move |mut page| {
            if faulty.has(Fault::ReordersAStream) && one_stream && page.len() > 1 {
                page.swap(0, 1);
            }
            if faulty.has(Fault::SkipsAnId) && !one_stream {
                let last = page.len() - 1;
                let mut at = 0;
                page.retain(|event| {
                    at += 1;
                    at > last || !faulty.is_late(event, read)
                });
            }
            page
        });
        Box::pin(pages.filter(|page| {
            let shown = page.as_ref().map_or(true, |page| !page.is_empty());
            std::future::ready(shown)
        }))
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        self.store.head()
    }

    fn watch(&self) -> Watch {
        self.store.watch()
    }
}

impl Faulty {
    async fn torn(&self, batch: Batch) -> Result<Appended> {
        let mut torn = batch.clone();
        torn.writes.truncate(1);
        // The others are only checked, so that a refusal is still one.
        for write in batch.writes.into_iter().skip(1) {
            torn = torn.and(write.stream, write.expected, Vec::new());
        }
        self.store.append(torn).await
    }
}

impl Snapshots for Faulty {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        self.store.snapshot(stream)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        self.store.save_snapshot(snapshot)
    }
}

impl Views for Faulty {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        self.store.checkpoint(view)
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        self.store.document(view, key)
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        self.store.documents(view, prefix, after, limit)
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        self.store.commit(commit)
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        self.store.reset(view)
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
        self.store.acquire(name, holder, now, ttl)
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        self.store.renew(lease, now, ttl)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        self.store.release(lease)
    }
}
