//! Appends: expectations, several streams, keys, groups.

use std::sync::Arc;

use actum::{
    Error, Id, Version,
    store::{Batch, Expected, Key, Log, Query},
};
use futures_util::future::join_all;

use super::{Folder, add, all, event, events, ids, stream};

#[tokio::test]
async fn a_batch_without_events_checks_and_stores_nothing() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-1", Expected::Empty, 2).await.expect("empty");
    let checked = add(&store, "Cart-1", Expected::Version(Version(2)), 0).await.expect("holds");
    assert_eq!((checked.placed[0].version, checked.id()), (Version(2), Id(0)));
    assert!(matches!(add(&store, "Cart-2", Expected::Exists, 0).await, Err(Error::Conflict(_))));
    assert_eq!(store.head().await.expect("head"), Id(2));
}

#[tokio::test]
async fn every_expectation_is_checked_against_its_own_stream() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-2", Expected::Empty, 3).await.expect("another stream");
    let cases = [
        (Expected::Exists, false),
        (Expected::Version(Version(1)), false),
        (Expected::Empty, true),
        (Expected::Empty, false),
        (Expected::Exists, true),
        (Expected::Version(Version(2)), true),
        (Expected::Version(Version(2)), false),
        (Expected::Any, true),
    ];
    let mut version = 0;
    for (expected, holds) in cases {
        match add(&store, "Cart-1", expected, 1).await {
            Ok(appended) => {
                version += 1;
                assert!(holds, "{expected:?} held");
                assert_eq!(appended.placed[0].version, Version(version));
            }
            Err(Error::Conflict(conflict)) => {
                assert!(!holds, "{conflict}");
                assert_eq!(conflict.actual, Version(version));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_batch_over_several_streams_is_stored_whole_or_not_at_all() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-2", Expected::Empty, 1).await.expect("empty");
    let batch = |second| {
        Batch::new(stream("Cart-1"), Expected::Empty, events(2)).and(
            stream("Cart-2"),
            second,
            events(1),
        )
    };
    let refused = store.append(batch(Expected::Empty)).await;
    assert!(
        matches!(refused, Err(Error::Conflict(conflict)) if conflict.stream == stream("Cart-2"))
    );
    assert_eq!(store.head().await.expect("head"), Id(1));
    let stored = store.append(batch(Expected::Version(Version(1)))).await.expect("both hold");
    assert_eq!((stored.placed[0].first, stored.placed[0].last), (Id(2), Id(3)));
    assert_eq!((stored.placed[1].first, stored.placed[1].version), (Id(4), Version(2)));
}

#[tokio::test]
async fn h5_a_key_is_answered_with_the_first_outcome_and_refused_with_other_content() {
    let folder = Folder::new();
    let store = folder.open().await;
    let batch = |name: &str, content: &[u8]| {
        Batch::new(stream(name), Expected::Empty, events(2)).key(Key::new("k", [content]))
    };
    let first = store.append(batch("Cart-1", b"a")).await.expect("new");
    drop(store);
    let store = folder.open().await;
    let again = store.append(batch("Cart-1", b"a")).await.expect("known");
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.placed, again.placed);
    let other = store.append(batch("Cart-2", b"b")).await;
    assert!(matches!(other, Err(Error::KeyReused { .. })));
    assert_eq!(
        store.keyed("k").await.expect("a read").expect("known").appended.placed,
        first.placed
    );
    assert_eq!(store.keyed("other").await.expect("a read"), None);
    assert_eq!(store.head().await.expect("head"), Id(2));
}

#[tokio::test]
async fn one_refused_request_does_not_harm_its_group() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-0", Expected::Empty, 1).await.expect("empty");
    // A writer elsewhere holds the file, so that all of these come into one group.
    let other = folder.connect();
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let expected = |at| if at % 2 == 0 { Expected::Empty } else { Expected::Exists };
    let names: Vec<_> = (1..=20).map(|at| format!("Cart-{at}")).collect();
    let appends = (1..=20).map(|at| add(&store, &names[at - 1], expected(at), 1));
    let (outcomes, ()) = tokio::join!(join_all(appends), async {
        other.execute_batch("COMMIT").expect("released");
    });
    for (at, outcome) in (1..=20).zip(outcomes) {
        assert_eq!(outcome.is_ok(), at % 2 == 0, "{outcome:?}");
    }
    assert_eq!(ids(&store, Query::all()).await, (1..=11).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn h1_of_many_racers_on_many_handles_one_wins() {
    let folder = Folder::new();
    let stores = Arc::new([folder.open().await, folder.open().await, folder.open().await]);
    for round in 0..10 {
        let racers = (0..24).map(|racer| {
            let stores = Arc::clone(&stores);
            let target = format!("Cart-{}", round % 2);
            tokio::spawn(async move {
                let expected = Expected::Version(Version(round / 2));
                add(&stores[racer % 3], &target, expected, 1).await
            })
        });
        let outcomes = join_all(racers).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            outcomes.into_iter().map(|outcome| outcome.expect("no panic")).partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|lost| matches!(lost, Err(Error::Conflict(_)))), "{lost:?}");
    }
    assert_eq!(ids(&stores[0], Query::all()).await, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn h21_any_text_survives() {
    let folder = Folder::new();
    let store = folder.open().await;
    let long = "ü\u{1F980}".repeat(1 << 18);
    let texts =
        ["", "'; DROP TABLE event; --", "\0\u{1}\u{7f}\u{fffd}", "%_*?[]", "\u{10ffff}", &long];
    let written: Vec<_> = texts.iter().map(|text| event("Ünïcode %", text)).collect();
    for name in ["Cart-%", "Cart-'\"; DROP TABLE stream", "Cart-ü🦀", "Cart-_"] {
        let batch = Batch::new(stream(name), Expected::Empty, written.clone());
        store.append(batch).await.expect("stored");
    }
    for name in ["Cart-%", "Cart-ü🦀", "Cart-_"] {
        let read =
            all(&store, Query::stream(stream(name)).name("Ünïcode %")).await.expect("a read");
        assert_eq!(read.len(), texts.len());
        for (event, text) in read.iter().zip(texts) {
            assert_eq!(event.data.decode::<String>().expect("JSON"), text);
            assert_eq!(event.stream, stream(name));
        }
    }
}

#[tokio::test]
async fn h21_what_is_not_text_is_refused() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-2", Expected::Empty, 1).await.expect("empty");
    let mut bad = event("Added", "");
    bad.data = actum::Json::from_stored(&b"\"\xff\""[..]);
    let refused = store.append(Batch::new(stream("Cart-1"), Expected::Any, vec![bad])).await;
    assert!(matches!(refused, Err(Error::InvalidBatch { .. })), "{refused:?}");
    assert_eq!(store.head().await.expect("head"), Id(1));
}
