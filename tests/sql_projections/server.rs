//! A schema of its own on the server for one test; it goes when the test ends.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use actum::{prelude::*, store::PostgresOptions};
use tokio_postgres::{Client, NoTls};

use crate::domain::Days;

pub struct Server {
    url: String,
    pub schema: String,
}

impl Server {
    /// `None` where there is no server to run against.
    pub fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let url = actum_tests::service::address("ACTUM_POSTGRES_URL")?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Some(Self { url, schema: format!("sql_{}_{number}", std::process::id()) })
    }

    pub fn options(&self) -> PostgresOptions {
        Postgres::options().schema(&self.schema)
    }

    pub async fn open(&self) -> Postgres {
        self.open_as("actum").await
    }

    /// Opens the log under a name that the server shows.
    pub async fn open_as(&self, application: &str) -> Postgres {
        self.options().application(application).connect(&self.url).await.expect("the log opens")
    }

    /// A bare session, as another program would have it.
    pub async fn session(&self) -> Client {
        session(&self.url).await
    }

    /// The table of sales, read by another program.
    pub async fn table(&self) -> Days {
        let sql = format!("select day, cents, count from \"{}\".sales", self.schema);
        let rows = self.session().await.query(&sql, &[]).await.expect("a table");
        rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (url, schema) = (self.url.clone(), self.schema.clone());
        let cleaner = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let sql = format!("drop schema if exists \"{schema}\" cascade");
                session(&url).await.batch_execute(&sql).await
            })
        });
        if let Ok(Err(error)) = cleaner.join() {
            eprintln!("the schema `{}` is left behind: {error}", self.schema);
        }
    }
}

async fn session(url: &str) -> Client {
    let url = url.split('?').next().unwrap_or_default().to_owned() + "?sslmode=disable";
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a session");
    tokio::spawn(connection);
    client
}
