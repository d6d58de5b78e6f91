//! Where a case keeps its events: a place that can be opened more than once, as by several
//! processes; and how it waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use actum::{
    prelude::*,
    store::{Postgres, Store},
};
use tempfile::TempDir;

/// Longer than any wait on a store that works.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub enum Place {
    Memory(Memory),
    Sqlite(TempDir),
    Postgres { url: String, schema: String },
}

impl Place {
    pub fn memory() -> Option<Self> {
        Some(Self::Memory(Memory::new()))
    }

    pub fn sqlite() -> Option<Self> {
        Some(Self::Sqlite(TempDir::new().expect("a temporary folder")))
    }

    pub fn postgres() -> Option<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let url = actum_tests::service::address("ACTUM_POSTGRES_URL")?;
        let number = NUMBER.fetch_add(1, Relaxed);
        let schema = format!("projections_{}_{number}", std::process::id());
        Some(Self::Postgres { url, schema })
    }

    /// Opens it as one more process would.
    pub async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(memory) => Arc::new(memory.clone()),
            Self::Sqlite(folder) => {
                Arc::new(Sqlite::open(folder.path().join("log.db")).await.expect("a store"))
            }
            Self::Postgres { url, schema } => {
                // Fewer connections than projections: none may need two at once.
                let options = Postgres::options().schema(schema.as_str()).readers(2);
                Arc::new(options.connect(url).await.expect("a store"))
            }
        }
    }

    /// Leaves nothing behind.
    pub async fn close(self) {
        let Self::Postgres { url, schema } = self else { return };
        let (client, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("the server");
        let driver = tokio::spawn(connection);
        let sql = format!("drop schema if exists \"{schema}\" cascade");
        client.batch_execute(&sql).await.expect("the schema is dropped");
        drop(client);
        driver.await.expect("no panic").expect("the connection ends");
    }
}

/// Stamps a test for each case and each place.
macro_rules! everywhere {
    ($($case:ident),* $(,)?) => {
        $crate::place::everywhere!(@ memory $($case)*);
        $crate::place::everywhere!(@ sqlite $($case)*);
        $crate::place::everywhere!(@ postgres $($case)*);
    };
    (@ $place:ident $($case:ident)*) => {
        mod $place {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let Some(place) = $crate::place::Place::$place() else { return };
                super::$case(&place).await;
                place.close().await;
            })*
        }
    };
}
pub(crate) use everywhere;

/// Waits for a condition; gives up, loudly, when it does not come about.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
