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
use tokio::sync::watch;

use self::request::answer;
use super::{
    append::Appender,
    failure::Failure,
    guard::Guard,
    heads::{self, Heads},
    lock,
    mark::Mark,
    queue::{Queue, Woken},
    schema,
};
use crate::{Id, measure};

mod request;

pub(super) use request::{Append, Request, Restoring};

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
    /// The event at the end of what was acknowledged; `None` when the log was empty.
    mark: Option<Mark>,
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
        let mark = Mark::last(&connection)?;
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
            mark,
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
        measure::group("sqlite", group.len());
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
        lock::begin(connection, self.busy)?;
        let data_version = data_version(connection)?;
        self.shared = data_version != self.data_version;
        if self.shared {
            self.heads.forget();
            self.data_version = data_version;
        }
        let mut appender = Appender::new(connection, &mut self.heads)?;
        for request in group {
            request.run(&mut appender)?;
        }
        drop(appender);
        let last = self.heads.last(connection)?;
        let mark = if last == self.acknowledged { self.mark } else { Mark::last(connection)? };
        connection
            .prepare_cached("COMMIT")?
            .execute([])
            .map_err(|error| Failed::AtCommit(error.into()))?;
        (self.acknowledged, self.mark) = (last, mark);
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
        if let Some(failure) = self.lost(&connection)? {
            tracing::error!(%failure, "the store is poisoned");
            self.poisoned = Some(failure.clone());
            return Err(failure);
        }
        self.data_version = data_version(&connection)?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Tells what a file has lost of what was acknowledged.
    fn lost(&self, connection: &Connection) -> Result<Option<Failure>, Failure> {
        let (acknowledged, found) = (self.acknowledged, heads::last_id(connection)?);
        if found < acknowledged {
            return Ok(Some(Failure::Poisoned { acknowledged, found }));
        }
        let is_same = match &self.mark {
            Some(mark) => mark.is_in(connection)?,
            None => true,
        };
        Ok((!is_same).then_some(Failure::Replaced { acknowledged }))
    }

    /// Looks for what other processes wrote. A failure here is found again by the next request.
    fn look(&mut self) {
        let Some(connection) = &self.connection else { return };
        match data_version(connection) {
            Ok(version) if version == self.data_version => {}
            Ok(version) => {
                self.heads.forget();
                match heads::last_id(connection)
                    .and_then(|last| Ok((last, Mark::last(connection)?)))
                {
                    Ok((last, mark)) => {
                        self.data_version = version;
                        (self.acknowledged, self.mark) = (last, mark);
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

/// Changes when another connection has committed.
fn data_version(connection: &Connection) -> Result<i64, Failure> {
    Ok(connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        Json,
        store::{Batch, Expected, NewEvent},
    };

    fn writer(path: &Path) -> Writer {
        let (queue, grown) =
            (Arc::new(Queue::new(Duration::ZERO)), Arc::new(watch::Sender::new(Id(0))));
        Writer::open(path.to_owned(), Duration::ZERO, Guard::default(), queue, grown).unwrap()
    }

    fn append(writer: &mut Writer, stream: &str) {
        let event = NewEvent::new("Happened", Json::from_value(&1).unwrap());
        let batch = Batch::new(stream.parse().unwrap(), Expected::Any, vec![event]);
        let append = Append::new(batch, oneshot::channel().0);
        assert!(writer.transact(&mut [Request::Append(Box::new(append))]).is_ok());
    }

    #[test]
    fn h19_a_file_that_lost_what_was_acknowledged_poisons_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(&folder.path().join("log.db"));
        writer.connection = None;
        writer.reopen().unwrap();
        writer.connection = None;
        writer.acknowledged = Id(1);
        assert!(matches!(writer.reopen(), Err(Failure::Poisoned { .. })));
        writer.acknowledged = Id(0);
        assert!(matches!(writer.transact(&mut []), Err(Failed::Before(Failure::Poisoned { .. }))));
    }

    #[test]
    fn h19_a_file_with_other_events_in_their_place_poisons_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = writer(&folder.path().join("log.db"));
        let mut other = writer(&folder.path().join("other.db"));
        for stream in ["Cart-1", "Cart-2"] {
            append(&mut one, stream);
            append(&mut other, stream);
        }
        append(&mut one, "Cart-1");
        one.connection = None;
        one.reopen().unwrap();
        append(&mut other, "Cart-2");
        append(&mut other, "Cart-1");
        drop(other);
        one.connection = None;
        one.path = folder.path().join("other.db");
        assert!(matches!(one.reopen(), Err(Failure::Replaced { acknowledged: Id(3) })));
        assert!(matches!(one.transact(&mut []), Err(Failed::Before(Failure::Replaced { .. }))));
    }
}
