//! The queue of appends: what waits while a call is under way leaves as one call.
//!
//! One task owns the queue and the calls under way. It ends when the queue is closed and empty.
//! Only a lone caller, with whom nobody shares a call, goes past it: no other task between them
//! and their connection.
//!
//! A call costs the server about as much as ten events more in it. So while one is under way, the
//! next one gathers what comes: until that one has ended, until there is enough to be worth a
//! call of its own, or until it has lasted long, as it does when it waits for a stream that
//! somebody holds.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use deadpool_postgres::Pool;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, yield_now},
    time::{Duration, Instant, timeout_at},
};

use crate::{
    Error, Result, measure,
    store::{
        Appended, Batch,
        postgres::{listen::News, shared::Shared, write},
    },
};

/// How many requests wait at most before callers do.
const QUEUE: usize = 1024;
/// How much leaves as one call, unless one request alone is larger.
const REQUESTS: usize = 256;
const EVENTS: usize = 1000;
const BYTES: usize = 1 << 20;
/// How many events are worth a call while another one is under way.
const ENOUGH: usize = 32;
/// How long a call may be under way before fewer events go without it.
const PATIENCE: Duration = Duration::from_millis(3);

/// The queue's front end.
#[derive(Debug)]
pub(super) struct Appender {
    queue: Mutex<Option<mpsc::Sender<Request>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    calls: Arc<Calls>,
    /// Held by the caller that goes past the queue.
    past: tokio::sync::Mutex<()>,
}

/// What carries out the calls.
#[derive(Debug)]
struct Calls {
    shared: Arc<Shared>,
    writers: Pool,
    news: News,
    /// Whether the last call out of the queue had one request only.
    lone: AtomicBool,
}

impl Calls {
    async fn carry_out(&self, group: Vec<Request>) {
        measure::group("postgres", group.len());
        write::carry_out(&self.shared, &self.writers, group, &self.news).await;
    }
}

/// One append and who waits for it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) batch: Batch,
    pub(super) answer: oneshot::Sender<Result<Appended>>,
}

impl Appender {
    pub(super) fn start(shared: &Arc<Shared>, writers: Pool, calls: usize, news: News) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let queue = Queue { receiver, group: Vec::new(), room: Room::default(), held: None };
        let (shared, lone) = (Arc::clone(shared), AtomicBool::new(true));
        let carrier = Arc::new(Calls { shared, writers, news, lone });
        let task = tokio::spawn(run(Arc::clone(&carrier), calls, queue));
        let (queue, task) = (Mutex::new(Some(sender)), Mutex::new(Some(task)));
        Self { queue, task, calls: carrier, past: tokio::sync::Mutex::default() }
    }

    pub(super) async fn append(&self, batch: Batch) -> Result<Appended> {
        let closed = || Error::Closed { what: "the store" };
        let lone = self.calls.lone.load(Ordering::Relaxed);
        // Before the queue is looked at: whoever closes it waits for this.
        let past = if lone { self.past.try_lock().ok() } else { None };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let queue = queue.ok_or_else(closed)?;
        let request = Request { batch, answer };
        if past.is_some() {
            drop(queue);
            self.calls.carry_out(vec![request]).await;
        } else {
            queue.send(request).await.map_err(|_| closed())?;
            drop(queue);
        }
        answered.await.map_err(|_| closed())?
    }

    /// Takes no more requests, and waits until those that were taken are answered.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the task that appends has failed");
        }
        drop(self.past.lock().await);
    }
}

async fn run(carrier: Arc<Calls>, calls: usize, mut queue: Queue) {
    let mut under_way = FuturesUnordered::new();
    // The call that began last, as long as it is under way.
    let mut latest = None;
    let mut open = true;
    for number in 0_u64.. {
        let wait = latest.map(|(_, begun)| begun + PATIENCE);
        tokio::select! {
            Some(ended) = under_way.next(), if !under_way.is_empty() => {
                latest = latest.filter(|(number, _)| *number != ended);
            }
            group = queue.group(wait), if open && under_way.len() < calls => match group {
                Some(group) => {
                    latest = Some((number, Instant::now()));
                    carrier.lone.store(group.len() == 1, Ordering::Relaxed);
                    let call = carrier.carry_out(group);
                    under_way.push(call.map(move |()| number));
                }
                None => open = false,
            },
            else => return,
        }
    }
}

struct Queue {
    receiver: mpsc::Receiver<Request>,
    /// What leaves next, and how much that is.
    group: Vec<Request>,
    room: Room,
    /// The request that did not fit.
    held: Option<Request>,
}

impl Queue {
    /// Waits for requests, and takes those that leave as one call; `None` once the queue is
    /// closed and empty. Nothing is lost when the future is dropped.
    async fn group(&mut self, wait: Option<Instant>) -> Option<Vec<Request>> {
        if self.group.is_empty() {
            let first = match self.held.take() {
                Some(request) => request,
                None => self.receiver.recv().await?,
            };
            self.room = Room::default();
            // The first one goes, however large it is.
            self.room.take(&first.batch);
            self.group.push(first);
        }
        match wait {
            None => self.gather().await,
            Some(wait) => drop(timeout_at(wait, self.fill()).await),
        }
        Some(std::mem::take(&mut self.group))
    }

    /// Takes what is there. Whoever was answered just now asks again at once: they get their turn
    /// before the call leaves, and the call does not leave almost empty.
    async fn gather(&mut self) {
        let mut before = 0;
        while self.group.len() > before && self.held.is_none() {
            before = self.group.len();
            yield_now().await;
            while self.held.is_none()
                && let Ok(request) = self.receiver.try_recv()
            {
                self.push(request);
            }
        }
    }

    /// Waits until there is enough, or the queue is closed.
    async fn fill(&mut self) {
        while self.held.is_none()
            && self.room.events < ENOUGH
            && let Some(request) = self.receiver.recv().await
        {
            self.push(request);
        }
    }

    fn push(&mut self, request: Request) {
        if self.room.take(&request.batch) {
            self.group.push(request);
        } else {
            self.held = Some(request);
        }
    }
}

/// How much a group has taken up.
#[derive(Default)]
struct Room {
    requests: usize,
    events: usize,
    bytes: usize,
    keys: HashSet<Arc<str>>,
}

impl Room {
    /// Makes room for a batch; `false` when it must wait for the next group. The same key twice
    /// does: the second request needs to find what the first one leaves.
    fn take(&mut self, batch: &Batch) -> bool {
        let events = || batch.writes.iter().flat_map(|write| &write.events);
        let size = |event: &crate::store::NewEvent| {
            event.data.as_bytes().len() + event.meta.json().as_bytes().len()
        };
        self.requests += batch.writes.len().max(1);
        self.events += events().count();
        self.bytes += events().map(size).sum::<usize>();
        let fresh = batch.key.as_ref().is_none_or(|key| self.keys.insert(Arc::clone(&key.key)));
        fresh && self.requests <= REQUESTS && self.events <= EVENTS && self.bytes <= BYTES
    }
}
