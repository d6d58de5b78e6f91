//! Several handles on one file, opened apart as several processes would.

use std::time::Duration;

use actum::{
    Error, Id, Version,
    store::{Batch, Expected, Key, Log, Query},
};
use tokio::time::timeout;

use super::{Folder, add, events, ids, stream};

#[tokio::test]
async fn h4_a_handle_sees_the_heads_that_another_wrote() {
    let folder = Folder::new();
    let (one, two) = (folder.open().await, folder.open().await);
    add(&one, "Cart-1", Expected::Empty, 2).await.expect("empty");
    add(&two, "Cart-2", Expected::Empty, 1).await.expect("empty");
    add(&two, "Cart-1", Expected::Version(Version(2)), 1).await.expect("seen");
    let stale = add(&one, "Cart-1", Expected::Version(Version(2)), 1).await;
    assert!(matches!(stale, Err(Error::Conflict(conflict)) if conflict.actual == Version(3)));
    let appended = add(&one, "Cart-2", Expected::Version(Version(1)), 1).await.expect("seen");
    assert_eq!(appended.id(), Id(5));
    let unseen = add(&two, "Cart-1", Expected::Empty, 1).await;
    assert!(matches!(unseen, Err(Error::Conflict(conflict)) if conflict.actual == Version(3)));
    for store in [&one, &two] {
        assert_eq!(ids(store, Query::all()).await, [1, 2, 3, 4, 5]);
        assert_eq!(store.head().await.expect("head"), Id(5));
    }
}

#[tokio::test]
async fn a_key_used_through_one_handle_is_known_to_another() {
    let folder = Folder::new();
    let (one, two) = (folder.open().await, folder.open().await);
    let batch = |name| {
        Batch::new(stream(name), Expected::Empty, events(1))
            .key(Key::new("k", [b"same".as_slice()]))
    };
    let first = one.append(batch("Cart-1")).await.expect("new");
    let again = two.append(batch("Cart-1")).await.expect("known");
    assert!(again.repeated && again.placed == first.placed);
    add(&two, "Cart-2", Expected::Empty, 1).await.expect("the store goes on");
}

#[tokio::test]
async fn a_watch_wakes_for_this_handle_and_for_others() {
    let folder = Folder::new();
    let (one, two) = (folder.open().await, folder.open().await);
    let mut watch = one.watch();
    let soon = Duration::from_secs(10);
    add(&one, "Cart-1", Expected::Empty, 1).await.expect("empty");
    assert_eq!(timeout(soon, watch.grown()).await.expect("woken"), Id(1));
    add(&two, "Cart-2", Expected::Empty, 1).await.expect("empty");
    assert_eq!(timeout(soon, watch.grown()).await.expect("woken by the poll"), Id(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_handles_open_a_new_file_at_once() {
    let folder = Folder::new();
    let opens = (0..8).map(|at| {
        let path = folder.path();
        tokio::spawn(async move {
            let store = actum::store::Sqlite::open(path).await?;
            add(&store, &format!("Cart-{at}"), Expected::Empty, 2).await
        })
    });
    for opened in futures_util::future::join_all(opens).await {
        opened.expect("no panic").expect("opened and stored");
    }
    assert_eq!(ids(&folder.open().await, Query::all()).await, (1..=16).collect::<Vec<_>>());
}
