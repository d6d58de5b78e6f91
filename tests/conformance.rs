//! Every store passes the conformance suite.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use actum::{
    Id, Result,
    store::{BoxFuture, Memory, Sqlite, Store},
    testing::store::{Positioned, Reopen, Subject},
};
use tempfile::TempDir;

mod memory {
    use super::*;

    /// The store made last; its clones share what is in it.
    #[derive(Default)]
    struct InMemory(Mutex<Memory>);

    impl Subject for InMemory {
        fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
            *self.0.lock().expect("no panic before") = Memory::new();
            self.open()
        }
    }

    impl Reopen for InMemory {
        fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
            let memory = self.0.lock().expect("no panic before").clone();
            Box::pin(async { Ok(Arc::new(memory) as Arc<dyn Store>) })
        }
    }

    impl Positioned for InMemory {
        fn starting_after(&self, id: Id) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
            Box::pin(async move { Ok(Arc::new(Memory::starting_after(id)) as Arc<dyn Store>) })
        }
    }

    actum::testing::conformance!(InMemory::default(); all, shared, positioned);
}

mod sqlite {
    use super::*;

    /// A folder, and how many files were made in it.
    struct InFolder {
        folder: TempDir,
        files: AtomicU32,
    }

    impl InFolder {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().expect("a folder"), files: AtomicU32::new(0) }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join(format!("{}.db", self.files.load(Relaxed)))
        }
    }

    impl Subject for InFolder {
        fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
            self.files.fetch_add(1, Relaxed);
            self.open()
        }
    }

    impl Reopen for InFolder {
        fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
            Box::pin(async { Ok(Arc::new(Sqlite::open(self.path()).await?) as Arc<dyn Store>) })
        }
    }

    impl Positioned for InFolder {
        fn starting_after(&self, id: Id) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
            Box::pin(async move {
                drop(self.fresh().await?);
                let file = rusqlite::Connection::open(self.path()).expect("the file");
                file.execute("UPDATE floor SET id = ?1", [id.0.cast_signed()]).expect("a floor");
                drop(file);
                self.open().await
            })
        }
    }

    actum::testing::conformance!(InFolder::new(); all, durable, shared, positioned);
}

/// The macro stamps what its list names: a rule that is not in the list would never run.
#[test]
fn every_rule_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src/testing/store");
    let list = std::fs::read_to_string(format!("{folder}/rules.rs")).expect("the list");
    let mut rules = 0;
    for file in std::fs::read_dir(folder).expect("the suite") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            continue;
        }
        let group = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a source file");
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
            let rule = rest.split('(').next().expect("a name");
            let (_, names) = list.split_once(&format!("{{ {group} {{$($with)*}} [")).expect(&group);
            let (names, _) = names.split_once(']').expect("the end of the group");
            assert!(names.split_whitespace().any(|name| name == rule), "{group}::{rule}");
            rules += 1;
        }
    }
    assert!(rules > 80, "{rules} rules");
}
