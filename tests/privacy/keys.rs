//! Every key store passes the conformance suite.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use actum::{
    Result,
    privacy::{Keys, MemoryKeys, PostgresKeys, SqliteKeys},
    store::BoxFuture,
    testing::vault::KeyStore,
};

mod memory {
    use super::*;

    #[derive(Default)]
    struct InMemory(Mutex<MemoryKeys>);

    impl KeyStore for InMemory {
        fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
            *self.0.lock().unwrap() = MemoryKeys::new();
            self.open()
        }

        fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
            let keys = self.0.lock().unwrap().clone();
            Box::pin(async { Ok(Arc::new(keys) as Arc<dyn Keys>) })
        }
    }

    actum::testing::key_store!(InMemory::default());
}

mod sqlite {
    use super::*;

    struct InFolder {
        folder: tempfile::TempDir,
        files: AtomicU32,
    }

    impl InFolder {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), files: AtomicU32::new(0) }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join(format!("{}.db", self.files.load(Relaxed)))
        }
    }

    impl KeyStore for InFolder {
        fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
            self.files.fetch_add(1, Relaxed);
            self.open()
        }

        fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
            Box::pin(async { Ok(Arc::new(SqliteKeys::open(self.path()).await?) as Arc<dyn Keys>) })
        }
    }

    actum::testing::key_store!(InFolder::new());
}

mod postgres {
    use super::*;

    /// A schema of its own, dropped with it; without a server every rule passes over.
    struct InSchema {
        url: String,
        schema: String,
        tables: AtomicU32,
    }

    impl InSchema {
        fn new() -> Option<Self> {
            let url = actum_tests::service::address("ACTUM_POSTGRES_URL")?;
            let schema = format!("keys_{}_{}", std::process::id(), fastrand::u32(..));
            Some(Self { url, schema, tables: AtomicU32::new(0) })
        }
    }

    impl KeyStore for InSchema {
        fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
            self.tables.fetch_add(1, Relaxed);
            self.open()
        }

        fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
            let mark = if self.url.contains('?') { '&' } else { '?' };
            let Self { url, schema, tables } = self;
            let url = format!("{url}{mark}schema={schema}&prefix=t{}_", tables.load(Relaxed));
            Box::pin(
                async move { Ok(Arc::new(PostgresKeys::connect(&url).await?) as Arc<dyn Keys>) },
            )
        }
    }

    impl Drop for InSchema {
        fn drop(&mut self) {
            let (url, schema) = (self.url.clone(), self.schema.clone());
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async {
                    let (client, connection) =
                        tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
                    tokio::spawn(connection);
                    let sql = format!("drop schema if exists {schema} cascade");
                    client.batch_execute(&sql).await.unwrap();
                });
            });
            dropping.join().unwrap();
        }
    }

    actum::testing::key_store!(match InSchema::new() {
        Some(subject) => subject,
        None => return Ok(()),
    });

    #[tokio::test]
    async fn keys_are_deleted_from_the_table() {
        let Some(subject) = InSchema::new() else { return };
        let keys = subject.fresh().await.unwrap();
        let app = crate::domain::app(actum::prelude::Memory::new(), Arc::clone(&keys)).await;
        for id in ["17", "18"] {
            app.act::<crate::domain::Customer>(id, crate::domain::name(id, "x")).await.unwrap();
        }
        app.forget("17").await.unwrap();
        let (client, connection) =
            tokio_postgres::connect(&subject.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let sql = format!(
            "select subject from {}.t1_subjectkeys where wrapped is not null",
            subject.schema
        );
        let rows = client.query(&sql, &[]).await.unwrap();
        let left: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(left, ["18"]);
        use actum::prelude::Acts;
    }
}
