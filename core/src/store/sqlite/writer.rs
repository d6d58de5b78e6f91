//! The thread that writes: it commits what is queued in groups, one fsync for each.
//!
//! A request is answered only after the COMMIT that holds its rows. When a transaction fails, what
//! was learnt inside it is forgotten. After a failed COMMIT or an I/O error the connection is
//! replaced before anything else is written, and everything acknowledged must still be there;
//! if it is not, the store is poisoned and refuses all further writes.

use std::{
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::{
    append::Appender,
    change::Change,
    failure::Failure,
    guard::Guard,
    heads::{self, Heads},
    queue::{Queue, Woken},
    schema,
};
use crate::{
    Id, Result,
    store::{Appended, Batch},
};

/// How many requests are committed together at most.
const GROUP: usize = 1024;

/// How often the file is looked at for what other processes wrote, while somebody watches.
const POLL: Duration = Duration::from_millis(50);

/// How long the file is left to other processes after each group, while they write as well.
const PAUSE: Duration = Duration::from_micros(100);

/// How often the file is left to others even if none was seen to write: one that never gets the
/// lock is never seen.
const LEAVE: Duration = Duration::from_millis(100);

/// How long it is left then: longer than a waiting process sleeps between two tries.
const GAP: Duration = Duration::from_micros(1200);

/// What the writer is asked for.
pub(super) enum Request {
    /// An append.
    Append(Box<Append>),
    /// Any other write.
    Change(Box<dyn Change>),
}

/// An append and who waits for it.
pub(super) struct Append {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<Appended>>,
    pub(super) outcome: Option<Result<Appended>>,
}

/// Owns the connection that writes.
pub(super) struct Writer {
    path: PathBuf,
    busy: Duration,
    guard: Guard,
    queue: Arc<Queue<Request>>,
    grown: Arc<watch::Sender<Id>>,
    connection: Option<Connection>,
    heads: Heads,
    data_version: i64,
    acknowledged: Id,
    poisoned: Option<Failure>,
    /// Whether another process has written since the group before.
    shared: bool,
    /// When the file was last left to others.
    left: Instant,
}

/// Where a group failed.
enum Failed {
    /// Nothing of it is stored.
    Before(Failure),
    /// Whether it is stored is not known.
    AtCommit(Failure),
}

impl<E: Into<Failure>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Before(error.into())
    }
}

impl Writer {
    /// Opens the file.
    pub(super) fn open(
        path: PathBuf,
        busy: Duration,
        guard: Guard,
        queue: Arc<Queue<Request>>,
        grown: Arc<watch::Sender<Id>>,
    ) -> Result<Self, Failure> {
        let connection = schema::open_writer(&path, busy, &guard)?;
        let acknowledged = heads::last_id(&connection)?;
        let data_version = data_version(&connection)?;
        grown.send_replace(acknowledged);
        Ok(Self {
            path,
            busy,
            guard,
            queue,
            grown,
            connection: Some(connection),
            heads: Heads::new(),
            data_version,
            acknowledged,
            poisoned: None,
            shared: false,
            left: Instant::now(),
        })
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let mut group = Vec::new();
        loop {
            let wait = (self.grown.receiver_count() > 0).then_some(POLL);
            match self.queue.drain(&mut group, GROUP, wait) {
                Woken::Jobs => self.commit(&mut group),
                Woken::Idle => self.look(),
                Woken::Closed => return,
            }
        }
    }

    fn commit(&mut self, group: &mut Vec<Request>) {
        match self.attempt(group) {
            Err(Failed::Before(failure)) if group.len() > 1 && !failure.is_busy() => {
                tracing::warn!(%failure, "a group of writes failed; trying one by one");
                for request in group.drain(..) {
                    let mut alone = [request];
                    let failed = self.attempt(&mut alone).err().map(Failed::into_failure);
                    answer(alone, failed.as_ref());
                }
            }
            outcome => answer(group.drain(..), outcome.err().map(Failed::into_failure).as_ref()),
        }
        self.wake();
        if self.left.elapsed() > LEAVE {
            thread::sleep(GAP);
            self.left = Instant::now();
        } else if self.shared {
            // Whoever polls for the lock elsewhere would hardly ever find it free.
            thread::sleep(PAUSE);
        }
    }

    /// Runs a group in one transaction.
    fn attempt(&mut self, group: &mut [Request]) -> Result<(), Failed> {
        let outcome = self.transact(group);
        if let Err(failed) = &outcome {
            self.recover(failed);
        }
        outcome
    }

    fn transact(&mut self, group: &mut [Request]) -> Result<(), Failed> {
        self.reopen()?;
        let Some(connection) = &self.connection else { return Ok(()) };
        begin(connection, self.busy)?;
        let data_version = data_version(connection)?;
        self.shared = data_version != self.data_version;
        if self.shared {
            self.heads.forget();
            self.data_version = data_version;
        }
        let mut appender = Appender::new(connection, &mut self.heads)?;
        for request in group {
            match request {
                Request::Append(append) => append.outcome = Some(appender.append(&append.batch)?),
                Request::Change(change) => change.run(connection)?,
            }
        }
        drop(appender);
        let last = self.heads.last(connection)?;
        connection
            .prepare_cached("COMMIT")?
            .execute([])
            .map_err(|error| Failed::AtCommit(error.into()))?;
        self.acknowledged = last;
        Ok(())
    }

    /// Leaves nothing behind of a transaction that failed.
    fn recover(&mut self, failed: &Failed) {
        self.heads.forget();
        let Some(connection) = &self.connection else { return };
        let spoilt = match failed {
            Failed::AtCommit(_) => true,
            Failed::Before(failure) => failure.spoils_connection(),
        };
        let open = !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err();
        if spoilt || open {
            self.connection = None;
        }
    }

    /// Replaces a connection that was given up, if everything acknowledged is still there.
    fn reopen(&mut self) -> Result<(), Failure> {
        if let Some(failure) = &self.poisoned {
            return Err(failure.clone());
        }
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = schema::open_writer(&self.path, self.busy, &self.guard)?;
        let found = heads::last_id(&connection)?;
        if found < self.acknowledged {
            let failure = Failure::Poisoned { acknowledged: self.acknowledged, found };
            tracing::error!(%failure, "the store is poisoned");
            self.poisoned = Some(failure.clone());
            return Err(failure);
        }
        self.data_version = data_version(&connection)?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Looks for what other processes wrote. A failure here is found again by the next request.
    fn look(&mut self) {
        let Some(connection) = &self.connection else { return };
        match data_version(connection) {
            Ok(version) if version == self.data_version => {}
            Ok(version) => {
                self.heads.forget();
                match heads::last_id(connection) {
                    Ok(last) => {
                        self.data_version = version;
                        self.acknowledged = last;
                        self.wake();
                    }
                    Err(failure) => tracing::warn!(%failure, "cannot look for new events"),
                }
            }
            Err(failure) => tracing::warn!(%failure, "cannot look for new events"),
        }
    }

    fn wake(&self) {
        self.grown.send_if_modified(|seen| {
            let news = self.acknowledged > *seen;
            *seen = self.acknowledged.max(*seen);
            news
        });
    }
}

impl Failed {
    fn into_failure(self) -> Failure {
        match self {
            Self::Before(failure) | Self::AtCommit(failure) => failure,
        }
    }
}

/// Answers each request of a group: with its own outcome, or with what befell the whole group.
/// Who no longer waits is not answered.
fn answer(group: impl IntoIterator<Item = Request>, failure: Option<&Failure>) {
    for request in group {
        match request {
            Request::Append(append) => {
                let Append { batch: _, reply, outcome } = *append;
                let outcome = match (failure, outcome) {
                    (None, Some(outcome)) => outcome,
                    (Some(failure), _) => Err(failure.clone().into_error("append")),
                    (None, None) => continue,
                };
                let _ = reply.send(outcome);
            }
            Request::Change(change) => change.answer(failure),
        }
    }
}

/// Takes the lock for writing. SQLite's own waiting sleeps for up to 100 ms between its tries, so
/// that a process which commits all the time starves the others.
fn begin(connection: &Connection, busy: Duration) -> Result<(), Failure> {
    let end = Instant::now() + busy;
    connection.busy_timeout(Duration::ZERO)?;
    loop {
        match connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map_err(Failure::from) {
            Err(failure) if failure.is_busy() && Instant::now() < end => {
                thread::sleep(Duration::from_micros(fastrand::u64(100..1000)));
            }
            outcome => return outcome.map(drop),
        }
    }
}

/// Changes when another connection has committed.
fn data_version(connection: &Connection) -> Result<i64, Failure> {
    Ok(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h19_a_file_that_lost_what_was_acknowledged_poisons_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let (queue, grown) =
            (Arc::new(Queue::new(Duration::ZERO)), Arc::new(watch::Sender::new(Id(0))));
        let path = folder.path().join("log.db");
        let mut writer =
            Writer::open(path, Duration::ZERO, Guard::default(), queue, grown).unwrap();
        writer.connection = None;
        writer.reopen().unwrap();
        writer.connection = None;
        writer.acknowledged = Id(1);
        assert!(matches!(writer.reopen(), Err(Failure::Poisoned { .. })));
        writer.acknowledged = Id(0);
        assert!(matches!(writer.transact(&mut []), Err(Failed::Before(Failure::Poisoned { .. }))));
    }
}
