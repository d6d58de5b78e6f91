//! `actum verify` finds what a foreign hand has broken.

use actum::{
    Id, Json, Version,
    store::{Snapshot, Snapshots, ViewCommit, ViewId, Views},
};

use crate::{
    actum_bin::{ran, values},
    place::{Place, everywhere, fill},
};

everywhere!(
    a_sound_log_is_sound,
    a_snapshot_beyond_its_stream_is_found,
    a_snapshot_of_another_event_is_found,
    a_view_ahead_of_the_log_is_found,
);

async fn filled(place: &Place) -> std::sync::Arc<dyn actum::store::Store> {
    let store = place.open().await;
    fill(&*store, "Cart-1", 5).await;
    fill(&*store, "Cart-2", 4).await;
    store
}

fn snapshot(stream: &str, version: u64, id: u64) -> Snapshot {
    Snapshot {
        stream: stream.parse().expect("a name"),
        version: Version(version),
        id: Id(id),
        fingerprint: "shape".to_owned(),
        state: Json::from_text("{}").expect("JSON"),
    }
}

/// Ends with 1 and says this.
fn finds(place: &Place, what: &str) {
    let ran = ran(&place.url, &["verify"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.starts_with("fault: ") && ran.out.contains(what), "{what}: {ran:?}");
    let json = crate::actum_bin::ran(&place.url, &["verify", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!((json.code, &report["ok"]), (1, &false.into()), "{report}");
}

async fn a_sound_log_is_sound(place: Place) {
    let store = filled(&place).await;
    store.save_snapshot(snapshot("Cart-2", 4, 9)).await.expect("saved");
    store.save_snapshot(snapshot("Cart-1", 2, 2)).await.expect("saved");
    let report = &values(&place.url, &["verify"])[0];
    let counts = (&report["ok"], &report["events"], &report["streams"], &report["snapshots"]);
    assert_eq!(counts, (&true.into(), &9.into(), &2.into(), &2.into()), "{report}");
}

async fn a_snapshot_beyond_its_stream_is_found(place: Place) {
    let store = filled(&place).await;
    store.save_snapshot(snapshot("Cart-1", 6, 6)).await.expect("saved");
    finds(&place, "beyond the end of its stream");
}

async fn a_snapshot_of_another_event_is_found(place: Place) {
    let store = filled(&place).await;
    store.save_snapshot(snapshot("Cart-2", 2, 2)).await.expect("saved");
    finds(&place, "has the id 7");
}

async fn a_view_ahead_of_the_log_is_found(place: Place) {
    let store = filled(&place).await;
    let view = ViewId { name: "Sales".into(), version: 1 };
    let commit = ViewCommit { view, from: Id(0), to: Id(10), documents: Vec::new(), lease: None };
    store.commit(commit).await.expect("committed");
    finds(&place, "Sales (version 1) has seen the log up to 10");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_in_the_file_is_found() {
    for (sql, what) in [
        ("UPDATE event SET version = 9 WHERE id = 3", "event 3: `Cart-1` v9: its version follows version 2"),
        ("DELETE FROM event WHERE id = 6", "event 7: `Cart-2` v2: the first event of its stream"),
        ("DELETE FROM event WHERE id = 4", "event 5: `Cart-1` v5: its version follows version 3"),
        ("UPDATE event SET data = '{\"number\":' WHERE id = 8", "event 8: `Cart-2` v3: its payload is no JSON"),
        ("UPDATE event SET meta = '[]' WHERE id = 1", "event 1: `Cart-1` v1: its meta data is no JSON object"),
        ("UPDATE name SET name = ''", "event 1: `Cart-1` v1: it has no name"),
        ("INSERT INTO snapshot VALUES ('Cart-1', 1, 1, 'x', 'no')", "the state of the snapshot is no JSON"),
    ] {
        let place = Place::sqlite();
        drop(filled(&place).await);
        let file = place.url.strip_prefix("sqlite:").expect("a file");
        let changed = rusqlite::Connection::open(file).expect("a file").execute(sql, []);
        assert_eq!(changed.expect("changed"), 1, "{sql}");
        finds(&place, what);
    }
}
