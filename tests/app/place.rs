//! Where a case keeps its events, and how it waits.

use std::{sync::Arc, time::Duration};

use actum::{prelude::*, store::Store};
use tempfile::TempDir;

use crate::log::Log;

/// A place for a store that can be opened more than once, as by several processes.
pub enum Place {
    Memory(Memory),
    Sqlite(TempDir),
    Postgres(Log),
}

impl Place {
    pub fn memory() -> Self {
        Self::Memory(Memory::new())
    }

    pub fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().expect("a temporary folder"))
    }

    /// `None` where there is no server to run against.
    pub fn postgres() -> Option<Self> {
        Log::new().map(Self::Postgres)
    }

    pub async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(memory) => Arc::new(memory.clone()),
            Self::Sqlite(folder) => {
                Arc::new(Sqlite::open(folder.path().join("app.db")).await.expect("a store"))
            }
            Self::Postgres(log) => Arc::new(log.open().await),
        }
    }
}

/// Stamps a test in memory and one on SQLite for each case.
macro_rules! both {
    ($($case:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(crate::place::Place::memory()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(crate::place::Place::sqlite()).await;
            })*
        }
    };
}
pub(crate) use both;

/// Stamps a test in memory, one on SQLite and one on PostgreSQL for each case.
macro_rules! everywhere {
    ($($case:ident),* $(,)?) => {
        crate::place::both!($($case),*);
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(place) = crate::place::Place::postgres() {
                    super::$case(place).await;
                }
            })*
        }
    };
}
pub(crate) use everywhere;

/// Waits for a condition; gives up, loudly, after half a minute.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
