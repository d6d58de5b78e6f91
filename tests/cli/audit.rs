//! `actum audit` counts the versions of payloads, without the program's types.

use actum::{
    Json,
    store::{Batch, Expected, NewEvent, Store},
};

use crate::{
    actum_bin::{printed, values},
    place::{Place, everywhere},
};

everywhere!(
    each_version_is_counted_and_streams_with_old_ones_are_named,
    no_more_streams_are_named_than_asked_for,
    an_empty_log_has_no_versions,
);

async fn put(store: &dyn Store, stream: &str, schema: u32) {
    let mut event = NewEvent::new("Happened", Json::from_text("{}").expect("JSON"));
    event.schema = schema;
    let batch = Batch::new(stream.parse().expect("a name"), Expected::Any, vec![event]);
    store.append(batch).await.expect("appended");
}

async fn each_version_is_counted_and_streams_with_old_ones_are_named(place: Place) {
    let store = place.open().await;
    for (stream, schema) in [("Cart-1", 1), ("Cart-2", 1), ("Cart-1", 2), ("Order-1", 1)] {
        put(&*store, stream, schema).await;
    }
    let values = values(&place.url, &["audit"]);
    let of = |at: usize| {
        let one = &values[at];
        format!("{} {} {} {}", one["aggregate"], one["schema"], one["standing"], one["events"])
    };
    assert_eq!(values.len(), 3);
    assert_eq!(of(0), r#""Cart" 1 "old" 2"#);
    assert_eq!(of(1), r#""Cart" 2 "newest" 1"#);
    assert_eq!(of(2), r#""Order" 1 "newest" 1"#);
    assert_eq!(values[0]["streams"][1]["stream"], "Cart-2");
    let table = printed(&place.url, &["audit"]);
    let rows: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..5], ["Cart", "Happened", "1", "old", "2"]);
    assert_eq!(rows[6][..4], ["Cart-1", "Happened", "1", "1"], "{table}");
    assert_eq!(rows[7][..4], ["Cart-2", "Happened", "1", "1"], "{table}");
}

async fn no_more_streams_are_named_than_asked_for(place: Place) {
    let store = place.open().await;
    for (stream, schema) in [("Cart-1", 1), ("Cart-2", 1), ("Cart-2", 1), ("Cart-1", 2)] {
        put(&*store, stream, schema).await;
    }
    let values = values(&place.url, &["audit", "--streams", "1"]);
    assert_eq!(values[0]["streams"].as_array().expect("a list").len(), 1);
    assert_eq!(values[0]["elsewhere"], 2);
    assert!(printed(&place.url, &["audit", "--streams", "1"]).contains("(others)"));
}

async fn an_empty_log_has_no_versions(place: Place) {
    drop(place.open().await);
    assert_eq!(values(&place.url, &["audit"]), [] as [serde_json::Value; 0]);
    assert_eq!(printed(&place.url, &["audit"]).lines().count(), 1);
}
