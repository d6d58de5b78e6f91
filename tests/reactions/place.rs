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
    pub async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(memory) => Arc::new(memory.clone()),
            Self::Sqlite(_) | Self::Postgres(_) => {
                actum::connect(&self.url()).await.expect("a store")
            }
        }
    }

    /// What another process opens it by.
    pub fn url(&self) -> String {
        match self {
            Self::Memory(_) => "memory".to_owned(),
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("log.db").display()),
            Self::Postgres(log) => {
                let mark = if log.url.contains('?') { '&' } else { '?' };
                format!("{}{mark}schema={}", log.url, log.schema)
            }
        }
    }
}

/// Stamps a test for each case on each store.
macro_rules! everywhere {
    ($($case:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(crate::place::Place::Memory(actum::store::Memory::new())).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let folder = tempfile::TempDir::new().expect("a folder");
                super::$case(crate::place::Place::Sqlite(folder)).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let Some(log) = crate::log::Log::new() else { return };
                super::$case(crate::place::Place::Postgres(log)).await;
            })*
        }
    };
}
pub(crate) use everywhere;

/// Longer than anything takes that comes about at all.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a condition; gives up, loudly.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
