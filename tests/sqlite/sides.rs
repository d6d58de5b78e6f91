//! Snapshots, views and leases.

use std::time::Duration;

use actum::{
    Error, Id, Json, Timestamp, Version,
    store::{Document, Leases, Snapshot, Snapshots, ViewCommit, ViewId, Views},
};

use super::{Folder, stream};

const MINUTE: Duration = Duration::from_mins(1);

fn json(text: &str) -> Json {
    Json::from_value(text).expect("a text is JSON")
}

fn noon() -> Timestamp {
    "2024-06-01T12:00:00.000000001Z".parse().expect("a time")
}

#[tokio::test]
async fn the_latest_snapshot_of_each_stream_is_kept() {
    let folder = Folder::new();
    let store = folder.open().await;
    let snapshot = |name, version, fingerprint: &str| Snapshot {
        stream: stream(name),
        version: Version(version),
        id: Id(version * 2),
        fingerprint: fingerprint.to_owned(),
        state: json(&version.to_string()),
    };
    let kept = async |name| store.snapshot(&stream(name)).await.expect("a read");
    assert_eq!(kept("Cart-1").await, None);
    store.save_snapshot(snapshot("Cart-1", 5, "a")).await.expect("saved");
    store.save_snapshot(snapshot("Cart-2", 7, "a")).await.expect("saved");
    store.save_snapshot(snapshot("Cart-1", 4, "a")).await.expect("dropped");
    assert_eq!(kept("Cart-1").await, Some(snapshot("Cart-1", 5, "a")));
    store.save_snapshot(snapshot("Cart-1", 3, "b")).await.expect("saved");
    assert_eq!(kept("Cart-1").await, Some(snapshot("Cart-1", 3, "b")));
    assert_eq!(kept("Cart-2").await, Some(snapshot("Cart-2", 7, "a")));
}

fn commit(version: u32, from: u64, to: u64, documents: &[(&str, Option<&str>)]) -> ViewCommit {
    let documents = documents
        .iter()
        .map(|(key, data)| Document { key: (*key).to_owned(), data: data.map(json) });
    ViewCommit {
        view: ViewId { name: "Sales".into(), version },
        from: Id(from),
        to: Id(to),
        documents: documents.collect(),
        lease: None,
    }
}

#[tokio::test]
async fn documents_and_checkpoint_commit_together() {
    let folder = Folder::new();
    let store = folder.open().await;
    let view = ViewId { name: "Sales".into(), version: 1 };
    store.commit(commit(2, 0, 9, &[("a", Some("other"))])).await.expect("another view");
    store.commit(commit(1, 0, 3, &[("a", Some("1")), ("b", Some("2"))])).await.expect("first");
    let stale = store.commit(commit(1, 0, 4, &[("a", Some("stale"))])).await;
    assert!(matches!(stale, Err(Error::Stale { actual: Id(3), expected: Id(0), .. })));
    store.commit(commit(1, 3, 5, &[("b", None), ("c", Some("3"))])).await.expect("second");
    assert_eq!(store.checkpoint(&view).await.expect("a read"), Id(5));
    for (key, data) in [("a", Some("1")), ("b", None), ("c", Some("3"))] {
        let document = store.document(&view, key).await.expect("a read");
        assert_eq!(document, (Id(5), data.map(json)), "{key}");
    }
    store.reset(&view).await.expect("reset");
    assert_eq!(store.document(&view, "a").await.expect("a read"), (Id(0), None));
    let other = ViewId { name: "Sales".into(), version: 2 };
    assert_eq!(store.document(&other, "a").await.expect("a read"), (Id(9), Some(json("other"))));
}

#[tokio::test]
async fn h20_a_stale_lease_is_fenced_off() {
    let folder = Folder::new();
    let (one, two) = (folder.open().await, folder.open().await);
    let take = async |store: &actum::store::Sqlite, who, now| {
        store.acquire("Sales", who, now, MINUTE).await.expect("a lease or none")
    };
    let first = take(&one, "one", noon()).await.expect("free");
    assert_eq!((first.token, first.until), (1, noon() + MINUTE));
    assert_eq!(take(&two, "two", noon() + MINUTE / 2).await, None);
    let renewed = one.renew(&first, noon() + MINUTE / 2, MINUTE).await.expect("its own");
    assert_eq!(take(&two, "two", noon() + MINUTE).await, None);
    let second = take(&two, "two", renewed.until).await.expect("run out");
    assert_eq!(second.token, 2);
    let fenced = one.renew(&first, noon(), MINUTE).await;
    assert!(matches!(fenced, Err(Error::Fenced { token: 1, .. })));
    let late = ViewCommit { lease: Some(first.clone()), ..commit(1, 0, 3, &[]) };
    assert!(matches!(one.commit(late).await, Err(Error::Fenced { token: 1, .. })));
    one.release(&first).await.expect("left alone");
    let held = ViewCommit { lease: Some(second.clone()), ..commit(1, 0, 3, &[]) };
    two.commit(held).await.expect("the current lease");
    two.release(&second).await.expect("given back");
    assert_eq!(take(&one, "one", noon()).await.expect("free").token, 3);
}
