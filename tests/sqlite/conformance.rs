//! SQLite passes the conformance suite.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use actum::{
    Id, Result,
    store::{BoxFuture, Sqlite, Store},
    testing::store::{Positioned, Reopen, Subject},
};
use tempfile::TempDir;

/// Stores in the files of a folder; the last one is opened again and again.
struct InFile {
    folder: TempDir,
    count: AtomicUsize,
}

impl InFile {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), count: 0.into() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(format!("{}.db", self.count.load(Ordering::SeqCst)))
    }
}

impl Subject for InFile {
    fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.open()
    }
}

impl Reopen for InFile {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async { Ok(Arc::new(Sqlite::open(self.path()).await?) as Arc<dyn Store>) })
    }
}

impl Positioned for InFile {
    fn starting_after(&self, id: Id) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async move {
            drop(self.fresh().await?);
            let floor = i64::try_from(id.0).expect("63 bits");
            rusqlite::Connection::open(self.path())
                .and_then(|file| file.execute("UPDATE floor SET id = ?1", [floor]))
                .expect("the floor is set");
            self.open().await
        })
    }
}

actum::testing::conformance!(InFile::new(); all, durable, shared, positioned);
