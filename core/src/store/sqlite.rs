//! A store in one SQLite file: durable, and shared by the processes of one machine.
//!
//! One thread owns the connection that writes and commits what is queued in groups; a few threads
//! own connections that only read. No async thread ever waits for the file.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use self::{
    change::Call,
    failure::Failure,
    guard::Guard,
    queue::Queue,
    reader::{Readers, received},
    writer::{Request, Writer},
};
use crate::{Error, Id, Result};

mod append;
mod change;
mod correlation;
mod failure;
mod guard;
mod heads;
#[cfg(feature = "privacy")]
mod keys;
mod leases;
mod lock;
mod log;
mod mark;
mod micros;
mod page;
mod queue;
mod reader;
mod schema;
mod select;
mod snapshots;
mod transaction;
mod views;
mod window;
mod writer;

#[cfg(feature = "privacy")]
pub use keys::SqliteKeys;
pub use transaction::SqliteTransaction;

/// How long the writer stays awake for the next request. One caller's next request follows within
/// microseconds, which is less than it takes to wake a thread.
const LINGER: Duration = Duration::from_micros(50);

/// A store in one SQLite file; clones share it.
///
/// Several processes of one machine may open the same file, which must lie on a local disk.
/// The last handle that goes waits until everything queued is written.
///
/// ```
/// use actum::{Id, store::{Log, Sqlite}};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("shop.db");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = Sqlite::open(path).await?;
/// assert_eq!(store.head().await?, Id(0));
/// # Ok::<(), actum::Error>(())
/// # }).unwrap();
/// ```
///
/// In the `sqlite3` shell, `SELECT * FROM log` shows the events.
///
/// # After a failure
///
/// A full disk or an I/O error is answered with [`Error::Store`] to every request of the group it
/// befell; the outcome of those is open. The connection is then opened anew, and the store goes on
/// if everything that was acknowledged is still in the file. If it is not, the store is poisoned:
/// it answers every further write with an error.
#[derive(Clone, Debug)]
pub struct Sqlite(Arc<Shared>);

/// How a file is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// How many threads read; at least 1.
    pub readers: usize,
    /// How long to wait while another process writes.
    pub busy_timeout: Duration,
}

struct Shared {
    guard: Guard,
    queue: Arc<Queue<Request>>,
    readers: Readers,
    grown: Arc<watch::Sender<Id>>,
    path: PathBuf,
    writer: Option<JoinHandle<()>>,
}

impl Sqlite {
    /// Opens a file, or creates it.
    ///
    /// # Errors
    ///
    /// The file is not a store, or one of a newer version of actum, or cannot be written.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::open_with(path, SqliteOptions::default()).await
    }

    /// Opens a file with other options than the usual.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(path: impl Into<PathBuf>, options: SqliteOptions) -> Result<Self> {
        let path = path.into();
        let action = format!("open {}", path.display());
        let (queue, grown) = (Arc::new(Queue::new(LINGER)), Arc::new(watch::Sender::new(Id(0))));
        let guard = Guard::default();
        let (opened, ready) = oneshot::channel();
        let writer = {
            let (path, guard) = (path.clone(), guard.clone());
            let (queue, grown) = (Arc::clone(&queue), Arc::clone(&grown));
            let open = move || match Writer::open(path, options.busy_timeout, guard, queue, grown) {
                Ok(writer) => {
                    // If nobody waits any more, the queue is closed and the thread ends.
                    let _ = opened.send(Ok(()));
                    writer.run();
                }
                Err(failure) => {
                    let _ = opened.send(Err(failure.into_error(action)));
                }
            };
            thread::Builder::new()
                .name("actum-sqlite-write".to_owned())
                .spawn(open)
                .map_err(|error| Failure::Thread(Arc::new(error)).into_error("open"))?
        };
        let readers = Readers::start(&path, options.busy_timeout, options.readers)
            .map_err(|failure| failure.into_error("open"))?;
        let shared = Shared { guard, queue, readers, grown, path, writer: Some(writer) };
        let store = Self(Arc::new(shared));
        received(ready).await?;
        Ok(store)
    }

    /// Runs a function in the writer's next transaction.
    async fn change<T, F>(&self, action: &'static str, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<Result<T>, Failure> + Send + 'static,
    {
        let (reply, receiver) = oneshot::channel();
        self.send(Request::Change(Box::new(Call { action, work, outcome: None, reply })))?;
        received(receiver).await
    }

    fn send(&self, request: Request) -> Result<()> {
        self.0.queue.push(request).map_err(|_| Error::Closed { what: "the SQLite store" })
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { readers: cores.clamp(2, 8), busy_timeout: Duration::from_secs(10) }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            join(writer);
        }
    }
}

/// Waits until a thread of the store has ended, unless it is this very thread.
fn join(handle: JoinHandle<()>) {
    if handle.thread().id() != thread::current().id() && handle.join().is_err() {
        tracing::error!("a thread of the SQLite store panicked");
    }
}
