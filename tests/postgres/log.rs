//! A log for one test, in a schema of its own that goes when the test ends.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use actum::{
    Committed, Id, Json, Result, StreamId,
    store::{Batch, Expected, Log as _, NewEvent, Postgres, PostgresOptions, Query},
};
use futures_util::TryStreamExt;
use tokio_postgres::{Client, NoTls};

/// A log for one test.
pub struct Log {
    pub url: String,
    pub schema: String,
}

impl Log {
    /// `None` where there is no server to run against.
    pub fn new() -> Option<Self> {
        let url = actum_tests::service::address("ACTUM_POSTGRES_URL")?;
        Some(Self::at(&url))
    }

    pub fn at(url: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("test_{}_{number}", std::process::id());
        Self { url: url.to_owned(), schema }
    }

    pub fn options(&self) -> PostgresOptions {
        Postgres::options().schema(&self.schema)
    }

    pub async fn open(&self) -> Postgres {
        self.options().connect(&self.url).await.expect("the log opens")
    }

    /// A bare session, as another program would have it.
    pub async fn session(&self) -> Client {
        session(&self.url).await
    }

    /// Begins an append by hand and leaves its transaction open.
    pub async fn begin(&self, stream: &str) -> Client {
        let session = self.session().await;
        session.batch_execute("begin").await.expect("a transaction begins");
        self.append(&session, stream, 1).await;
        session
    }

    /// Appends some events by hand within the session's transaction.
    pub async fn append(&self, session: &Client, stream: &str, events: usize) {
        let list = |item: &str| vec![item; events].join(",");
        let numbers = (1..=events).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let sql = format!(
            "select \"{}\".append(array[hashtext('{stream}')], '{{{stream}}}', '{{1}}',
                null, null, '{{1}}', '{{-2}}', '{{{events}}}', '{{{ones}}}', '{{{numbers}}}',
                '{{{names}}}', '{{{ones}}}', array[{now}], '{{{nulls}}}', '{{{data}}}', '{{{data}}}')",
            self.schema,
            ones = list("1"),
            names = list("ByHand"),
            now = list("now()"),
            nulls = list("null"),
            data = list("\"{}\""),
        );
        session.query_one(&sql, &[]).await.expect("an append by hand");
    }
}

impl Drop for Log {
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

pub async fn session(url: &str) -> Client {
    let url = url.split('?').next().unwrap_or_default().to_owned() + "?sslmode=disable";
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a session");
    tokio::spawn(connection);
    client
}

pub fn stream(name: &str) -> StreamId {
    name.parse().expect("a stream")
}

pub fn event(data: &impl serde::Serialize) -> NewEvent {
    NewEvent::new("Counted", Json::from_value(data).expect("JSON"))
}

pub fn batch(name: &str, expected: Expected) -> Batch {
    Batch::new(stream(name), expected, vec![event(&1)])
}

pub async fn read(store: &Postgres, query: Query) -> Result<Vec<Committed>> {
    store.read(query).try_concat().await
}

pub async fn ids(store: &Postgres, query: Query) -> Vec<u64> {
    let events = read(store, query).await.expect("a read");
    events.into_iter().map(|event| event.id.0).collect()
}

/// Waits until something holds, asking again and again; a minute is for ever.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_mins(1);
    assert!(tokio::time::timeout(limit, asking).await.is_ok(), "in vain: {what}");
}

/// The number of events, counted by hand.
pub async fn count(session: &Client, schema: &str) -> i64 {
    let sql = format!("select count(*) from \"{schema}\".events");
    session.query_one(&sql, &[]).await.expect("a count").get(0)
}

pub const START: Id = Id(0);
