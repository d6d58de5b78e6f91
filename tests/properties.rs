//! Properties of any sequence of appends, on every store.

use std::{collections::BTreeMap, sync::Arc};

use actum::{
    Id, Json,
    store::{Batch, Expected, Memory, NewEvent, Query, Sqlite, Store},
    testing::store::run,
};
use futures_util::TryStreamExt;
use proptest::prelude::*;

/// Batches of up to three streams, each with up to three events of any text.
fn batches() -> impl Strategy<Value = Vec<BTreeMap<u8, Vec<(String, u32)>>>> {
    let event = (any::<String>(), 1_u32..5);
    let events = prop::collection::vec(event, 0..4);
    prop::collection::vec(prop::collection::btree_map(0_u8..4, events, 0..4), 1..16)
}

/// Versions are contiguous, ids strictly increase, and what is read back is what was appended.
async fn holds(store: &dyn Store, batches: Vec<BTreeMap<u8, Vec<(String, u32)>>>) {
    let mut wanted = Vec::new();
    for writes in batches {
        let mut batch = Batch::default();
        for (number, events) in writes {
            let stream: actum::StreamId = format!("Cart-{number}").parse().expect("a name");
            let events: Vec<_> = events
                .into_iter()
                .map(|(text, schema)| {
                    let data = Json::from_value(&text).expect("json");
                    NewEvent { schema, ..NewEvent::new("Happened", data) }
                })
                .collect();
            wanted.extend(events.iter().map(|event| (stream.clone(), event.clone())));
            batch = batch.and(stream, Expected::Any, events);
        }
        store.append(batch).await.expect("appended");
    }
    let log: Vec<_> = store.read(Query::all()).try_concat().await.expect("the log");
    assert_eq!(log.len(), wanted.len());
    let (mut versions, mut last) = (BTreeMap::new(), Id(0));
    for (found, (stream, event)) in log.iter().zip(wanted) {
        assert!(found.id > last, "id {} stands behind {last}", found.id);
        last = found.id;
        let version = versions.entry(stream.clone()).or_insert(0_u64);
        *version += 1;
        assert_eq!(found.version.0, *version, "a version of {stream}");
        assert_eq!((&found.stream, &*found.name), (&stream, &*event.name));
        assert_eq!((found.schema, found.created), (event.schema, event.created));
        assert_eq!(found.data.as_bytes(), event.data.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn read_back_equals_append_in_memory(batches in batches()) {
        run(async {
            holds(&Memory::new(), batches).await;
            Ok(())
        }).expect("in time");
    }

    #[test]
    fn read_back_equals_append_in_sqlite(batches in batches()) {
        run(async {
            let folder = tempfile::tempdir()?;
            let store: Arc<dyn Store> = Arc::new(Sqlite::open(folder.path().join("any.db")).await?);
            holds(&*store, batches).await;
            Ok(())
        }).expect("in time");
    }
}
