//! The queue of appends: what waits while all writers are busy leaves as one call.
//!
//! One task owns the queue and all calls under way. It ends when the queue is closed and empty.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use deadpool_postgres::Pool;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
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

/// The queue's front end.
#[derive(Debug)]
pub(super) struct Appender {
    queue: Mutex<Option<mpsc::Sender<Request>>>,
    task: Mutex<Option<JoinHandle<()>>>,
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
        let queue = Queue { receiver, held: None, open: true };
        let task = tokio::spawn(run(Arc::clone(shared), writers, calls, queue, news));
        Self { queue: Mutex::new(Some(sender)), task: Mutex::new(Some(task)) }
    }

    pub(super) async fn append(&self, batch: Batch) -> Result<Appended> {
        let closed = || Error::Closed { what: "the store" };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let queue = queue.ok_or_else(closed)?;
        queue.send(Request { batch, answer }).await.map_err(|_| closed())?;
        drop(queue);
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
    }
}

async fn run(shared: Arc<Shared>, writers: Pool, calls: usize, mut queue: Queue, news: News) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            group = queue.group(), if under_way.len() < calls && queue.open => {
                if !group.is_empty() {
                    measure::group("postgres", group.len());
                    under_way.push(write::carry_out(&shared, &writers, group, &news));
                }
            }
            else => return,
        }
    }
}

struct Queue {
    receiver: mpsc::Receiver<Request>,
    /// The request that did not fit into the last group.
    held: Option<Request>,
    open: bool,
}

impl Queue {
    /// Waits for a request, and takes what has queued up behind it. Empty once the queue is
    /// closed. Nothing is lost when the future is dropped: it only waits before it takes.
    async fn group(&mut self) -> Vec<Request> {
        let first = match self.held.take() {
            Some(request) => Some(request),
            None => self.receiver.recv().await,
        };
        let Some(first) = first else {
            self.open = false;
            return Vec::new();
        };
        let mut room = Room::default();
        room.take(&first.batch);
        let mut group = vec![first];
        while let Ok(request) = self.receiver.try_recv() {
            if !room.take(&request.batch) {
                self.held = Some(request);
                break;
            }
            group.push(request);
        }
        group
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
