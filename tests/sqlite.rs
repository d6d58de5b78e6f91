//! What only SQLite has: the file, its failures, several handles and processes on it; and the
//! rules of the ports, in short, on top of the conformance suite.

use std::path::PathBuf;

use actum::{
    Committed, Error, Json, Result, StreamId,
    store::{Appended, Batch, Expected, Log, NewEvent, Query, Sqlite},
};
use futures_util::StreamExt;
use tempfile::TempDir;

#[path = "sqlite/append.rs"]
mod append;
#[path = "sqlite/disk.rs"]
mod disk;
#[path = "sqlite/faults.rs"]
mod faults;
#[path = "sqlite/file.rs"]
mod file;
#[path = "sqlite/handles.rs"]
mod handles;
#[path = "sqlite/read.rs"]
mod read;
#[path = "sqlite/sides.rs"]
mod sides;

/// A folder with the path of a store's file in it.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.db")
    }

    async fn open(&self) -> Sqlite {
        Sqlite::open(self.path()).await.expect("the store opens")
    }

    /// A connection behind the store's back.
    fn connect(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.path()).expect("a connection");
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
        connection
    }
}

fn stream(name: &str) -> StreamId {
    name.parse().expect("a name of a stream")
}

fn event(name: &'static str, text: &str) -> NewEvent {
    NewEvent::new(name, Json::from_value(text).expect("a text is JSON"))
}

/// `count` events named `Added`, whose payloads are "0", "1", …
fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|at| event("Added", &at.to_string())).collect()
}

async fn add(store: &Sqlite, name: &str, expected: Expected, count: usize) -> Result<Appended> {
    store.append(Batch::new(stream(name), expected, events(count))).await
}

async fn all(store: &Sqlite, query: Query) -> Result<Vec<Committed>> {
    let mut pages = store.read(query);
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page?);
    }
    Ok(events)
}

async fn ids(store: &Sqlite, query: Query) -> Vec<u64> {
    all(store, query).await.expect("a read").iter().map(|event| event.id.0).collect()
}

fn is_store_error<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Store { store: "SQLite", .. }))
}
