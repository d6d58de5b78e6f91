//! Stores for one test each, on SQLite and on PostgreSQL.

use std::{sync::Arc, time::Duration};

use actum::{
    Committed, Json, Meta,
    store::{Batch, Expected, NewEvent, Query, Store},
};
use futures_util::StreamExt;
use tempfile::TempDir;

use crate::log::Log;

/// A store for one test, which goes with it.
pub struct Place {
    pub url: String,
    pub folder: TempDir,
    log: Option<Log>,
}

impl Place {
    /// A file that is not there yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("log.db").display());
        Self { url, folder, log: None }
    }

    /// A schema that is not there yet; `None` where there is no server.
    pub fn postgres() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let log = Log::new()?;
        let mark = if log.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}schema={}", log.url, log.schema);
        Some(Self { url, folder, log: Some(log) })
    }

    /// Another store of the same kind.
    pub fn another(&self) -> Self {
        match self.log {
            Some(_) => Self::postgres().expect("there is a server"),
            None => Self::sqlite(),
        }
    }

    pub async fn open(&self) -> Arc<dyn Store> {
        actum::connect(&self.url).await.expect("a store")
    }

    /// The path of a file for this test.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

/// Stamps a test on each kind of store.
macro_rules! everywhere {
    ($($test:ident),+ $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() { super::$test(crate::place::Place::sqlite()).await }
        )+ }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(place) = crate::place::Place::postgres() { super::$test(place).await }
            }
        )+ }
    };
}
pub(crate) use everywhere;

/// Appends one event, whatever the version of its stream.
pub async fn put(store: &dyn Store, stream: &str, name: &str, data: &str, meta: &str) {
    let json = |text: &str| Json::from_text(text).expect("JSON");
    let event = NewEvent {
        meta: Meta::from_stored(json(meta)),
        ..NewEvent::new(name.to_owned(), json(data))
    };
    let batch = Batch::new(stream.parse().expect("a name"), Expected::Any, vec![event]);
    store.append(batch).await.expect("appended");
}

/// So many events in a stream.
pub async fn fill(store: &dyn Store, stream: &str, count: u64) {
    let event = |number| {
        let data = Json::from_text(format!(r#"{{"number":{number}}}"#)).expect("JSON");
        NewEvent::new("Happened", data)
    };
    let events = (1..=count).map(event).collect();
    let batch = Batch::new(stream.parse().expect("a name"), Expected::Any, events);
    store.append(batch).await.expect("appended");
}

/// The whole log.
pub async fn all(store: &dyn Store) -> Vec<Committed> {
    let mut pages = store.read(Query::all());
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page.expect("a page"));
    }
    events
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
