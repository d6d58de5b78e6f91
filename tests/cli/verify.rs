//! `actum verify` finds what a foreign hand has broken.

use std::sync::Arc;

use actum::{
    Id, Json, Version,
    archive::Folder,
    chain::{self, Chained, Key},
    prelude::*,
    store::{Snapshot, Snapshots, ViewCommit, ViewId, Views},
};
use serde::{Deserialize, Serialize};

use crate::{
    actum_bin::{ran, values},
    place::{Place, everywhere, fill},
};

everywhere!(
    a_sound_log_is_sound,
    a_snapshot_beyond_its_stream_is_found,
    a_snapshot_of_another_event_is_found,
    a_view_ahead_of_the_log_is_found,
    a_chained_log_is_checked_with_its_key,
    a_log_with_archived_streams_is_checked_with_its_archive,
);

#[derive(Event, Serialize, Deserialize)]
struct Happened {
    number: u64,
}
#[derive(Events)]
enum CartEvent {
    Happened(Happened),
}
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
struct Cart {
    total: u64,
}
#[patch]
impl Cart {
    fn happened(&mut self, event: Happened) {
        self.total += event.number;
    }
}
#[derive(Serialize, Deserialize)]
struct Happen {}
#[action]
impl Cart {
    fn happen(&self, _: Happen) -> Result<Happened, Unmet> {
        Ok(Happened { number: 1 })
    }
}

async fn filled(place: &Place) -> Arc<dyn actum::store::Store> {
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
        (
            "UPDATE event SET version = 9 WHERE id = 3",
            "event 3: `Cart-1` v9: its version follows version 2",
        ),
        ("DELETE FROM event WHERE id = 6", "event 7: `Cart-2` v2: the first event of its stream"),
        ("DELETE FROM event WHERE id = 4", "event 5: `Cart-1` v5: its version follows version 3"),
        (
            "UPDATE event SET data = '{\"number\":' WHERE id = 8",
            "event 8: `Cart-2` v3: its payload is no JSON",
        ),
        (
            "UPDATE event SET meta = '[]' WHERE id = 1",
            "event 1: `Cart-1` v1: its meta data is no JSON object",
        ),
        ("UPDATE name SET name = ''", "event 1: `Cart-1` v1: it has no name"),
        (
            "INSERT INTO snapshot VALUES ('Cart-1', 1, 1, 'x', 'no')",
            "the state of the snapshot is no JSON",
        ),
    ] {
        let place = Place::sqlite();
        drop(filled(&place).await);
        let file = place.url.strip_prefix("sqlite:").expect("a file");
        let changed = rusqlite::Connection::open(file).expect("a file").execute(sql, []);
        assert_eq!(changed.expect("changed"), 1, "{sql}");
        finds(&place, what);
    }
}

async fn a_chained_log_is_checked_with_its_key(place: Place) {
    let store = place.open().await;
    let (chained, key) = (Chained::new(Arc::clone(&store)), Key::from_bytes(&[7; 32]));
    fill(&chained, "Cart-1", 5).await;
    fill(&chained, "Cart-2", 4).await;
    let head = chain::seal(&chained, &key).await.expect("sealed").expect("a head").id;
    let public = key.public().to_string();
    let report = &values(&place.url, &["verify", "--key", &public])[0];
    assert_eq!((&report["ok"], &report["signed_to"]), (&true.into(), &head.0.into()), "{report}");
    let later = (head.0 + 1).to_string();
    let put_back = ran(&place.url, &["verify", "--key", &public, "--signed-to", &later]);
    assert!(put_back.code == 1 && put_back.out.contains("put back"), "{put_back:?}");
    let other = Key::from_bytes(&[8; 32]).public().to_string();
    let forged = ran(&place.url, &["verify", "--key", &other]);
    assert!(forged.code == 1 && forged.out.contains("not signed with this key"), "{forged:?}");
    fill(&*store, "Cart-2", 1).await;
    let inserted = ran(&place.url, &["verify", "--key", &public]);
    assert!(
        inserted.code == 1 && inserted.out.contains("`Cart-2` v5: it was inserted"),
        "{inserted:?}"
    );
    assert_eq!(ran(&place.url, &["verify", "--key", "abc"]).code, 2);
}

async fn a_log_with_archived_streams_is_checked_with_its_archive(place: Place) {
    let store = place.open().await;
    fill(&*store, "Cart-1", 5).await;
    fill(&*store, "Cart-2", 4).await;
    let folder = tempfile::tempdir().expect("a folder");
    let app = App::new(store).with::<Cart>().archive(Folder::new(folder.path()));
    let app = app.start().await.expect("an app");
    assert_eq!(app.close::<Cart>("1").await.expect("closed").removed, 5);
    let gap = ran(&place.url, &["verify"]);
    assert!(gap.code == 2 && gap.error.contains("--archive FOLDER"), "{gap:?}");
    let archive = folder.path().to_str().expect("text");
    let report = &values(&place.url, &["verify", "--archive", archive])[0];
    assert_eq!((&report["ok"], &report["events"]), (&true.into(), &11.into()), "{report}");
}
