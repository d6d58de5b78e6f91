//! Snapshots make loads short and never wrong.

use actum::{
    Json, StreamId,
    prelude::*,
    store::{Snapshots, Store},
};
use actum_tests::faulty::{Faulty, Switches};

use crate::{
    counter::{Counter, count, folded},
    place::{Place, both, until},
};

both!(
    a_snapshot_is_taken_and_a_restart_reads_only_the_tail,
    a_snapshot_of_another_shape_is_ignored,
    a_snapshot_that_does_not_decode_is_ignored,
);

async fn start(store: impl Store) -> App {
    App::new(store).with::<Counter>().start().await.expect("an app")
}

async fn a_snapshot_is_taken_and_a_restart_reads_only_the_tail(place: Place) {
    let store = place.open().await;
    let app = start(store.clone()).await;
    for id in ["a", "b"] {
        for by in 1..=25 {
            app.act::<Counter>(id, count(by)).await.expect("counted");
        }
        let stream = StreamId::of::<Counter>(id).expect("a stream");
        // One at 10 may be passed over by a later one, but the last is taken.
        until("the snapshot at 20 is stored", async || {
            let found = store.snapshot(&stream).await.expect("a snapshot");
            found.is_some_and(|found| found.version >= Version(20))
        })
        .await;
        let faulty = Faulty::<Switches>::new(place.open().await);
        let again = start(faulty.clone()).await;
        let found = store.snapshot(&stream).await.expect("a snapshot").expect("one");
        let state = again.load::<Counter>(id).await.expect("a state");
        assert_eq!((state.total, state.version()), (325, Version(25)));
        // The event that the snapshot stands at is read too: it proves that the log has it.
        assert_eq!(faulty.faults.events(), 25 - found.version.0 + 1);
        let early = again.load::<Counter>(id).as_of(Version(3)).await.expect("a state");
        assert_eq!(early.total, 6);
    }
}

/// Puts a changed snapshot in place of a good one and sees what an app makes of it.
async fn with_a_changed_snapshot(place: Place, change: impl Fn(&mut actum::store::Snapshot)) {
    let store = place.open().await;
    let app = start(store.clone()).await;
    for id in ["a", "b"] {
        for by in 1..=5 {
            app.act::<Counter>(id, count(by)).await.expect("counted");
        }
        app.snapshot::<Counter>(id).await.expect("a snapshot");
        let stream = StreamId::of::<Counter>(id).expect("a stream");
        let mut snapshot = store.snapshot(&stream).await.expect("a snapshot").expect("one");
        change(&mut snapshot);
        store.save_snapshot(snapshot.clone()).await.expect("saved");
        assert_eq!(store.snapshot(&stream).await.expect("a snapshot"), Some(snapshot));
        app.act::<Counter>(id, count(6)).await.expect("counted");

        let again = start(place.open().await).await;
        let state = again.load::<Counter>(id).await.expect("a state");
        assert_eq!((state.total, state.version()), (21, Version(6)));
        assert_eq!(*state.state(), folded(&again, id).await);
        let done = again.act::<Counter>(id, count(1)).await.expect("counted");
        assert_eq!(done.version, Version(7));
    }
}

async fn a_snapshot_of_another_shape_is_ignored(place: Place) {
    with_a_changed_snapshot(place, |snapshot| {
        "another".clone_into(&mut snapshot.fingerprint);
        let changed = snapshot.state.as_str().replace("15", "999");
        assert_ne!(changed, snapshot.state.as_str());
        snapshot.state = Json::from_text(changed).expect("JSON");
    })
    .await;
}

async fn a_snapshot_that_does_not_decode_is_ignored(place: Place) {
    with_a_changed_snapshot(place, |snapshot| {
        snapshot.state = Json::from_text(r#"{"total":"fifteen"}"#).expect("JSON");
    })
    .await;
}
