//! Faults that a test switches on and off, and a record of what was read.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use actum::{
    Committed, Id, Result, StreamId,
    store::{Appended, Batch, BoxFuture, Pages, Query, Snapshot, Store, ViewCommit},
};
use futures_util::StreamExt;
use tokio::sync::RwLock;

use super::{Faults, failed};

#[derive(Default)]
pub struct Switches {
    /// Appends are stored and answered with an error.
    pub loses_answers: AtomicBool,
    /// Snapshots cannot be read.
    pub hides_snapshots: AtomicBool,
    /// Snapshots cannot be saved.
    pub refuses_snapshots: AtomicBool,
    /// Documents and checkpoints cannot be saved.
    pub refuses_views: AtomicBool,
    /// Reads break after their first event, but for those of one event.
    pub breaks_reads: AtomicBool,
    /// Neither a read nor the question for the head is ever answered.
    pub is_silent: AtomicBool,
    /// How many of those have come.
    pub unanswered: AtomicU64,
    /// A read of several streams breaks before this id; 0 for never.
    pub breaks_before: AtomicU64,
    /// A read of one stream breaks before this version; 0 for never.
    pub breaks_before_version: AtomicU64,
    /// Appends wait while somebody holds it for writing.
    pub appends: RwLock<()>,
    /// How many appends have come and not been passed on.
    pub waiting: AtomicU64,
    reads: Mutex<Vec<Read>>,
}

/// A read, and how many events it has given out.
#[derive(Clone)]
pub struct Read {
    pub query: Query,
    events: Arc<AtomicU64>,
}

impl Read {
    /// Whether it reads for a projection, which alone names the events it wants.
    pub fn projects(&self) -> bool {
        !self.query.names.is_empty()
    }

    pub fn events(&self) -> u64 {
        self.events.load(SeqCst)
    }
}

impl Switches {
    /// All reads so far.
    pub fn reads(&self) -> Vec<Read> {
        self.reads.lock().expect("no panic before").clone()
    }

    /// How many events all reads have given out.
    pub fn events(&self) -> u64 {
        self.reads().iter().map(Read::events).sum()
    }

    fn breaks(&self, event: &Committed, one_stream: bool) -> bool {
        let (at, before) = if one_stream {
            (event.version.0, self.breaks_before_version.load(SeqCst))
        } else {
            (event.id.0, self.breaks_before.load(SeqCst))
        };
        before != 0 && at >= before
    }

    /// The good part of a page, and the error that ends the read.
    fn spoil(
        &self,
        page: Result<Vec<Committed>>,
        read: &Read,
        one_stream: bool,
    ) -> Vec<Result<Vec<Committed>>> {
        let mut page = match page {
            Ok(page) => page,
            Err(error) => return vec![Err(error)],
        };
        let broken = page.iter().position(|event| self.breaks(event, one_stream));
        page.truncate(broken.unwrap_or(page.len()));
        read.events.fetch_add(page.len() as u64, SeqCst);
        let good = (!page.is_empty()).then_some(Ok(page));
        good.into_iter().chain(broken.map(|_| failed("read events"))).collect()
    }
}

impl Faults for Switches {
    fn append<'a>(&'a self, inner: &'a dyn Store, batch: Batch) -> BoxFuture<'a, Result<Appended>> {
        Box::pin(async move {
            self.waiting.fetch_add(1, SeqCst);
            drop(self.appends.read().await);
            self.waiting.fetch_sub(1, SeqCst);
            let appended = inner.append(batch).await?;
            if self.loses_answers.load(SeqCst) { failed("append") } else { Ok(appended) }
        })
    }

    fn read(self: Arc<Self>, inner: &dyn Store, query: Query) -> Pages {
        let read = Read { query: query.clone(), events: Arc::default() };
        self.reads.lock().expect("no panic before").push(read.clone());
        if self.is_silent.load(SeqCst) {
            self.unanswered.fetch_add(1, SeqCst);
            return Box::pin(futures_util::stream::pending());
        }
        let one_stream = query.stream.is_some();
        if self.breaks_reads.load(SeqCst) && query.limit != Some(1) {
            let end = futures_util::stream::once(async { failed("read events") });
            return Box::pin(inner.read(query.limit(1)).chain(end));
        }
        let spoil = move |page| self.spoil(page, &read, one_stream);
        Box::pin(inner.read(query).flat_map(move |page| futures_util::stream::iter(spoil(page))))
    }

    fn head<'a>(&'a self, inner: &'a dyn Store) -> BoxFuture<'a, Result<Id>> {
        if self.is_silent.load(SeqCst) {
            self.unanswered.fetch_add(1, SeqCst);
            return Box::pin(std::future::pending());
        }
        inner.head()
    }

    fn snapshot<'a>(
        &'a self,
        inner: &'a dyn Store,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        if self.hides_snapshots.load(SeqCst) {
            return Box::pin(async { failed("read a snapshot") });
        }
        inner.snapshot(stream)
    }

    fn save_snapshot<'a>(
        &'a self,
        inner: &'a dyn Store,
        snapshot: Snapshot,
    ) -> BoxFuture<'a, Result<()>> {
        if self.refuses_snapshots.load(SeqCst) {
            return Box::pin(async { failed("save a snapshot") });
        }
        inner.save_snapshot(snapshot)
    }

    fn commit<'a>(&'a self, inner: &'a dyn Store, commit: ViewCommit) -> BoxFuture<'a, Result<()>> {
        if self.refuses_views.load(SeqCst) {
            return Box::pin(async { failed("commit a view") });
        }
        inner.commit(commit)
    }
}
