//! The wire between one process and the store: calls take their time, fail on the way there or
//! back, stand still while the process is paused, and end with the process.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actum::{
    Error, Id, Json, Result, StreamId, Timestamp,
    store::{
        Appended, Batch, BoxFuture, Document, Keyed, Lease, Leases, Log, Memory, Pages, Query,
        Snapshot, Snapshots, ViewCommit, ViewId, Views, Watch,
    },
};
use futures_util::{StreamExt, stream};
use tokio::{sync::watch, time::Instant};

/// A fault of the store that a run must find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Planted {
    Nothing,
    /// What reactions ask is not kept from happening twice.
    ForgetsKeys,
    /// Neither lease nor checkpoint is checked.
    LetsStaleCommit,
    /// The checkpoint stays behind the documents when an answer is lost.
    TearsCommits,
}

/// One process's connection.
#[derive(Clone)]
pub struct Wire {
    store: Memory,
    planted: Planted,
    link: Arc<Link>,
}

struct Link {
    rng: Mutex<fastrand::Rng>,
    /// Whether calls can fail.
    is_rough: AtomicBool,
    paused: Mutex<Instant>,
    is_dead: watch::Sender<bool>,
    /// Kept so that a watch that never wakes is not taken for a store that is gone.
    silent: Option<(watch::Sender<Id>, Watch)>,
}

impl Wire {
    pub fn new(store: Memory, planted: Planted, mut rng: fastrand::Rng) -> Self {
        // Some processes hear nothing of the others and have to look.
        let silent = rng.bool().then(Watch::channel);
        let link = Link {
            rng: Mutex::new(rng),
            is_rough: AtomicBool::new(true),
            paused: Mutex::new(Instant::now()),
            is_dead: watch::Sender::new(false),
            silent,
        };
        Self { store, planted, link: Arc::new(link) }
    }

    /// Ends the process: no call is carried out or answered from now on.
    pub fn cut(&self) {
        self.link.is_dead.send_replace(true);
    }

    pub async fn is_cut(&self) {
        let mut dead = self.link.is_dead.subscribe();
        // The sender is a field of `self`.
        let _ = dead.wait_for(|dead| *dead).await;
    }

    /// Lets every call of the process stand still for so long.
    pub fn pause(&self, time: Duration) {
        *self.link.paused.lock().expect("no panic under the lock") = Instant::now() + time;
    }

    /// No more failures.
    pub fn calm(&self) {
        self.link.is_rough.store(false, Ordering::Relaxed);
    }

    fn rng(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.link.rng.lock().expect("no panic under the lock")
    }

    /// A way between process and store, which can fail.
    async fn way(&self, action: &str) -> Result<()> {
        let (time, fails) = {
            let mut rng = self.rng();
            (Duration::from_micros(rng.u64(10..1_500)), rng.u32(0..40) == 0)
        };
        tokio::time::sleep(time).await;
        loop {
            let paused = *self.link.paused.lock().expect("no panic under the lock");
            if paused <= Instant::now() {
                break;
            }
            tokio::time::sleep_until(paused).await;
        }
        if *self.link.is_dead.borrow() {
            return std::future::pending().await;
        }
        if fails && self.link.is_rough.load(Ordering::Relaxed) {
            let source = "the wire is bad".into();
            return Err(Error::Store { store: "simulated", action: action.to_owned(), source });
        }
        Ok(())
    }

    async fn call<T>(&self, action: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.way(action).await?;
        let answer = work.await;
        self.way(action).await?;
        answer
    }
}

impl Log for Wire {
    fn append(&self, mut batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            let is_follow_up = |key: &actum::store::Key| key.key.starts_with("react/");
            if self.planted == Planted::ForgetsKeys && batch.key.as_ref().is_some_and(is_follow_up)
            {
                batch.key = None;
                for write in &mut batch.writes {
                    write.expected = actum::store::Expected::Any;
                }
            }
            self.call("append", async { self.store.append(batch).await }).await
        })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        Box::pin(self.call("look a key up", self.store.keyed(key)))
    }

    fn read(&self, query: Query) -> Pages {
        let (wire, pages) = (self.clone(), self.store.read(query));
        Box::pin(stream::unfold(Some(pages), move |pages| {
            let wire = wire.clone();
            async move {
                let mut pages = pages?;
                if let Err(error) = wire.way("read").await {
                    return Some((Err(error), None));
                }
                let page = pages.next().await?;
                Some((page, Some(pages)))
            }
        }))
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        Box::pin(self.call("ask for the head", self.store.head()))
    }

    fn watch(&self) -> Watch {
        match &self.link.silent {
            Some((_, watch)) => watch.clone(),
            None => self.store.watch(),
        }
    }
}

impl Snapshots for Wire {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        Box::pin(self.call("read a snapshot", self.store.snapshot(stream)))
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        Box::pin(self.call("list snapshots", self.store.snapshots(after, limit)))
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        Box::pin(
            async move { self.call("save a snapshot", self.store.save_snapshot(snapshot)).await },
        )
    }
}

impl Views for Wire {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        Box::pin(self.call("read a checkpoint", self.store.checkpoint(view)))
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        Box::pin(self.call("read a document", self.store.document(view, key)))
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        Box::pin(self.call("list documents", self.store.documents(view, prefix, after, limit)))
    }

    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        Box::pin(self.call("list views", self.store.views()))
    }

    fn commit(&self, mut commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.way("commit").await?;
            let is_rough = self.link.is_rough.load(Ordering::Relaxed);
            match self.planted {
                Planted::LetsStaleCommit => {
                    commit.lease = None;
                    commit.from = self.store.checkpoint(&commit.view).await?;
                }
                Planted::TearsCommits if is_rough && self.rng().u32(0..8) == 0 => {
                    commit.to = commit.from;
                }
                _ => {}
            }
            let answer = self.store.commit(commit).await;
            self.way("commit").await?;
            answer
        })
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.call("reset", self.store.reset(view)))
    }
}

impl Leases for Wire {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        Box::pin(self.call("acquire a lease", self.store.acquire(name, holder, now, ttl)))
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        Box::pin(self.call("renew a lease", self.store.renew(lease, now, ttl)))
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.call("release a lease", self.store.release(lease)))
    }

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        Box::pin(self.call("list leases", self.store.leases(now)))
    }
}
