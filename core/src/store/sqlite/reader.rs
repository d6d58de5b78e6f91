//! The threads that read: each owns a read-only connection and what it has learnt of names.
//!
//! No transaction outlives a job, so that a slow consumer holds nothing open.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{failure::Failure, queue::Queue, schema};
use crate::{Error, Result, StreamId};

/// How many names of streams a reader remembers.
const STREAMS: usize = 1 << 16;

/// How many names of events a reader remembers.
const NAMES: usize = 1 << 12;

/// What a reader is asked for.
pub(super) type Job = Box<dyn FnOnce(&mut Reader) + Send>;

/// The threads and their queue.
pub(super) struct Readers {
    queue: Arc<Queue<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// A connection that reads.
pub(super) struct Reader {
    path: PathBuf,
    busy: Duration,
    connection: Option<Connection>,
    names: Names,
}

/// Names that were read before, by their number. They never change.
#[derive(Default)]
pub(super) struct Names {
    streams: HashMap<i64, StreamId>,
    events: HashMap<i64, Arc<str>>,
}

impl Readers {
    /// Starts the threads; each connects when it gets its first job.
    pub(super) fn start(path: &Path, busy: Duration, count: usize) -> Result<Self, Failure> {
        let mut readers = Self { queue: Arc::new(Queue::new()), threads: Vec::new() };
        for _ in 0..count.max(1) {
            let queue = Arc::clone(&readers.queue);
            let reader = Reader::new(path.to_owned(), busy);
            let thread = thread::Builder::new()
                .name("actum-sqlite-read".to_owned())
                .spawn(move || reader.run(&queue))
                .map_err(|error| Failure::Thread(Arc::new(error)))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Lets a reader do some work; the result comes later.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection, &mut Names) -> Result<T, Failure> + Send + 'static,
    ) -> oneshot::Receiver<Result<T>> {
        let (reply, receiver) = oneshot::channel();
        let job: Job = Box::new(move |reader| {
            // Whoever asked may have gone.
            if !reply.is_closed() {
                let outcome = reader.work(work).map_err(|failure| failure.into_error(action));
                let _ = reply.send(outcome);
            }
        });
        // A refused job drops its end of the channel, which the receiver reports.
        let _ = self.queue.push(job);
        receiver
    }

    /// Lets a reader do some work.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection, &mut Names) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        received(self.submit(action, work)).await
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            super::join(thread);
        }
    }
}

/// Waits for an answer from one of the store's threads.
pub(super) async fn received<T>(receiver: oneshot::Receiver<Result<T>>) -> Result<T> {
    receiver.await.unwrap_or(Err(Error::Closed { what: "the SQLite store" }))
}

impl Reader {
    fn new(path: PathBuf, busy: Duration) -> Self {
        Self { path, busy, connection: None, names: Names::default() }
    }

    fn run(mut self, queue: &Queue<Job>) {
        let mut jobs = Vec::with_capacity(1);
        loop {
            queue.drain(&mut jobs, 1, None);
            match jobs.pop() {
                Some(job) => job(&mut self),
                None => return,
            }
        }
    }

    /// Works on the connection, which is given up after a failure.
    fn work<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Names) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::open_reader(&self.path, self.busy)?,
        };
        let outcome = work(&connection, &mut self.names);
        if outcome.is_ok() {
            self.connection = Some(connection);
        } else {
            self.names = Names::default();
        }
        outcome
    }
}

impl Names {
    /// The stream with this number.
    pub(super) fn stream(
        &mut self,
        connection: &Connection,
        row: i64,
    ) -> Result<StreamId, Failure> {
        if let Some(stream) = self.streams.get(&row) {
            return Ok(stream.clone());
        }
        let name: String = connection
            .prepare_cached("SELECT name FROM stream WHERE id = ?1")?
            .query_row([row], |row| row.get(0))?;
        let stream =
            StreamId::try_from(name).map_err(|_| Failure::Column { column: "stream.name" })?;
        if self.streams.len() >= STREAMS {
            self.streams.clear();
        }
        self.streams.insert(row, stream.clone());
        Ok(stream)
    }

    /// The event's name with this number.
    pub(super) fn event(&mut self, connection: &Connection, row: i64) -> Result<Arc<str>, Failure> {
        if let Some(name) = self.events.get(&row) {
            return Ok(Arc::clone(name));
        }
        let name: String = connection
            .prepare_cached("SELECT name FROM name WHERE id = ?1")?
            .query_row([row], |row| row.get(0))?;
        let name: Arc<str> = name.into();
        if self.events.len() >= NAMES {
            self.events.clear();
        }
        self.events.insert(row, Arc::clone(&name));
        Ok(name)
    }
}
