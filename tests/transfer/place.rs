//! Two stores for one test, in every direction.

use std::sync::Arc;

use actum::{
    Committed, Json, Meta,
    store::{Appended, Batch, Expected, Key, Memory, NewEvent, Query, Store},
};
use futures_util::StreamExt;
use tempfile::TempDir;

use crate::log::Log;

/// A store that goes with the test.
pub struct Place {
    pub store: Arc<dyn Store>,
    _folder: Option<TempDir>,
    _log: Option<Log>,
}

pub async fn memory() -> Option<Place> {
    Some(Place { store: Arc::new(Memory::new()), _folder: None, _log: None })
}

pub async fn sqlite() -> Option<Place> {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("log.db").display());
    let store = actum::connect(&url).await.expect("a store");
    Some(Place { store, _folder: Some(folder), _log: None })
}

pub async fn postgres() -> Option<Place> {
    let log = Log::new()?;
    Some(Place { store: Arc::new(log.open().await), _folder: None, _log: Some(log) })
}

/// Where a copy comes from, and where it goes.
pub struct Pair {
    pub from: Place,
    pub to: Place,
}

/// Stamps a test on each pair of stores.
macro_rules! everywhere {
    ($($test:ident),+ $(,)?) => {
        $crate::place::directions! {
            [$($test)+]
            memory_to_memory: memory, memory; memory_to_sqlite: memory, sqlite;
            memory_to_postgres: memory, postgres; sqlite_to_memory: sqlite, memory;
            sqlite_to_sqlite: sqlite, sqlite; sqlite_to_postgres: sqlite, postgres;
            postgres_to_memory: postgres, memory; postgres_to_sqlite: postgres, sqlite;
            postgres_to_postgres: postgres, postgres;
        }
    };
}
pub(crate) use everywhere;

macro_rules! directions {
    ($tests:tt $($name:ident: $from:ident, $to:ident;)+) => {
        $($crate::place::direction! { $name $from $to $tests })+
    };
}
pub(crate) use directions;

macro_rules! direction {
    ($name:ident $from:ident $to:ident [$($test:ident)+]) => {
        mod $name { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let Some(from) = crate::place::$from().await else { return };
                let Some(to) = crate::place::$to().await else { return };
                super::$test(&crate::place::Pair { from, to }).await;
            }
        )+ }
    };
}
pub(crate) use direction;

pub fn json(text: &str) -> Json {
    Json::from_text(text).expect("JSON")
}

pub fn event(name: &'static str, data: &str, meta: &str) -> NewEvent {
    NewEvent { meta: Meta::from_stored(json(meta)), ..NewEvent::new(name, json(data)) }
}

/// Appends events to a stream, whatever its version.
pub async fn put(store: &dyn Store, stream: &str, events: Vec<NewEvent>) -> Appended {
    let batch = Batch::new(stream.parse().expect("a name"), Expected::Any, events);
    store.append(batch).await.expect("appended")
}

/// As `put`, with a key.
pub async fn put_once(
    store: &dyn Store,
    stream: &str,
    key: &str,
    events: Vec<NewEvent>,
) -> Appended {
    let batch = Batch::new(stream.parse().expect("a name"), Expected::Any, events);
    store.append(batch.key(Key::new(key, [stream.as_bytes()]))).await.expect("appended")
}

/// So many events in a stream.
pub async fn fill(store: &dyn Store, stream: &str, count: u64) -> Appended {
    let one = |number| event("Happened", &format!(r#"{{"number":{number}}}"#), "{}");
    put(store, stream, (1..=count).map(one).collect()).await
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
