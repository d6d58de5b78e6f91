//! The ports of a store, and what goes through them.
//!
//! A store keeps events, snapshots, the documents of projections and leases. Each is a small
//! trait; a back end translates them and decides nothing. The rules stand at the methods, and the
//! conformance suite (`actum::testing::store`) checks them on every back end.

use std::{collections::HashSet, future::Future, pin::Pin};

use futures_core::Stream;

use crate::{Committed, Error, Id, Result, StreamId};

mod append;
mod lease;
mod memory;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod prefix;
mod query;
mod shared;
mod snapshot;
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod view;
mod watch;

pub use append::{Appended, Batch, Expected, Key, Keyed, NewEvent, Placed, Write};
pub use lease::{Lease, Leases};
pub use memory::Memory;
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsOptions, Storage};
#[cfg(feature = "postgres")]
pub use postgres::{Holder, Postgres, PostgresOptions, PostgresTransaction};
pub use query::{Direction, Query};
pub use snapshot::{Snapshot, Snapshots};
pub use sql::{BoxError, SqlStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteOptions, SqliteTransaction};
pub use view::{Document, ViewCommit, ViewId, Views};
pub use watch::Watch;

/// A future in a box, so that the ports can be used as `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The pages of a read: each holds at least one event; an error ends the read.
pub type Pages = Pin<Box<dyn Stream<Item = Result<Vec<Committed>>> + Send>>;

/// The log of all events.
///
/// # The order of the log
///
/// Ids increase strictly in commit order. Whoever has been shown the id N, by [`read`](Self::read)
/// or [`head`](Self::head), is never later shown an id ≤ N that is new to them. So an id alone is a
/// cursor. Within a stream the versions are 1, 2, 3 … without gaps, in the order of the ids.
pub trait Log: Send + Sync + 'static {
    /// Stores a batch: all of it or nothing, over all its streams.
    ///
    /// When the future is ready with `Ok`, the events survive a crash of the process and of the
    /// machine. Dropping the future leaves the outcome open; the same batch with a [`Key`] settles
    /// it. A batch without events leaves the log as it is, its expectations are checked all the same.
    ///
    /// - Every [`Expected`] must hold before any event is stored.
    /// - A batch with a key that is known is answered with the first outcome and stores nothing,
    ///   whatever it expects; the fingerprints must be equal.
    /// - A new key is kept with the outcome of its batch, and lasts as long as the events do; that
    ///   of a batch without events is kept as well, that of a refused batch is not.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] for the first expectation that does not hold, [`Error::KeyReused`] for
    /// a known key with another fingerprint, [`Error::InvalidBatch`] when a stream occurs twice.
    /// After any error of this kind nothing is stored. After [`Error::Store`] the outcome may be
    /// open.
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>>;

    /// Tells what a key was used for.
    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>>;

    /// Reads what a query asks for, page by page, never all of it into memory.
    ///
    /// A read ends where the log ended when it started, or later. It sees whole batches only.
    fn read(&self, query: Query) -> Pages;

    /// The highest id up to which the log can be read; 0 when it is empty.
    fn head(&self) -> BoxFuture<'_, Result<Id>>;

    /// Wakes when the log has grown. It may miss growth that other processes caused: a watcher
    /// polls as well.
    fn watch(&self) -> Watch;
}

/// Everything an app needs; every type that has the ports is a store.
pub trait Store: Log + Snapshots + Views + Leases {}

impl<T: Log + Snapshots + Views + Leases> Store for T {}

impl Batch {
    /// Checks what holds for every store, so that none needs to: no stream occurs twice, and
    /// names and sizes are within what all stores keep.
    pub fn check(&self) -> Result<()> {
        let mut seen = HashSet::new();
        for write in &self.writes {
            // A batch of one stream, as most are, needs no set.
            if self.writes.len() > 1 && !seen.insert(&write.stream) {
                return Err(Error::InvalidBatch {
                    stream: write.stream.clone(),
                    why: "it occurs twice in one batch",
                });
            }
            for event in &write.events {
                let refuse =
                    |why| Err(Error::InvalidBatch { stream: StreamId::clone(&write.stream), why });
                if event.name.is_empty() || event.name.len() > 255 {
                    return refuse("the name of an event is empty or longer than 255 bytes");
                }
                if event.name.chars().any(char::is_control) {
                    return refuse("the name of an event contains a control character");
                }
            }
        }
        Ok(())
    }
}
