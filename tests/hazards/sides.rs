//! Lost answers, failing snapshots, snapshots that do not fit, reads that break under a load.

use std::sync::atomic::Ordering::SeqCst;

use actum::{
    Error, Json, StreamId,
    prelude::*,
    store::{Snapshot, Snapshots, Store},
};
use actum_tests::faulty::{Faulty, Switches};

use super::{
    Arc, PATIENCE,
    domain::{Count, Counter},
    log, stores,
};

async fn started(store: impl Store) -> App {
    App::new(store).with::<Counter>().start().await.expect("it starts")
}

fn stream(id: &str) -> StreamId {
    StreamId::of::<Counter>(id).expect("a name")
}

#[tokio::test]
async fn h05_an_append_whose_answer_is_lost_is_stored_once() {
    for (store, _kept) in stores().await {
        let spoilt = Faulty::<Switches>::new(Arc::clone(&store));
        let faults = Arc::clone(&spoilt.faults);
        let app = started(spoilt.clone()).await;
        app.act::<Counter>("a", Count { by: 1 }).await.expect("stored");
        app.act::<Counter>("b", Count { by: 1 }).await.expect("stored");
        faults.loses_answers.store(true, SeqCst);
        let lost = app.act::<Counter>("a", Count { by: 2 }).key("k").await;
        assert!(matches!(lost, Err(ActError::Store(Error::Store { .. }))), "{lost:?}");
        faults.loses_answers.store(false, SeqCst);
        for app in [app, started(spoilt).await] {
            let again = app.act::<Counter>("a", Count { by: 2 }).key("k").await.expect("known");
            assert_eq!((again.repeated, again.version, again.id), (true, Version(2), Id(3)));
            let other = app.act::<Counter>("a", Count { by: 3 }).key("k").await;
            assert!(matches!(other, Err(ActError::Store(Error::KeyReused { .. }))), "{other:?}");
            let other = app.act::<Counter>("b", Count { by: 2 }).key("k").await;
            assert!(matches!(other, Err(ActError::Store(Error::KeyReused { .. }))), "{other:?}");
            assert_eq!(app.load::<Counter>("a").await.expect("loaded").count, 3);
        }
        assert_eq!(log(&*store).await.len(), 3);
    }
}

/// Without a key the caller must look; the app must not act on what it believes.
#[tokio::test]
async fn h05_after_a_lost_answer_the_state_is_read_anew() {
    for (store, _kept) in stores().await {
        let spoilt = Faulty::<Switches>::new(store);
        let faults = Arc::clone(&spoilt.faults);
        let app = started(spoilt).await;
        app.act::<Counter>("a", Count { by: 1 }).await.expect("stored");
        faults.loses_answers.store(true, SeqCst);
        app.act::<Counter>("a", Count { by: 2 }).await.expect_err("lost");
        faults.loses_answers.store(false, SeqCst);
        let done = app.act::<Counter>("a", Count { by: 4 }).expect(Version(2)).await;
        assert_eq!(done.expect("nobody was faster").version, Version(3));
        assert_eq!(app.load::<Counter>("a").await.expect("loaded").count, 7);
    }
}

#[tokio::test]
async fn h11_a_snapshot_that_does_not_fit_is_ignored_and_replaced() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        for by in 1..=9 {
            app.act::<Counter>("a", Count { by }).await.expect("stored");
            app.act::<Counter>("b", Count { by: 100 }).await.expect("stored");
        }
        app.snapshot::<Counter>("a").await.expect("kept");
        let good = store.snapshot(&stream("a")).await.expect("read").expect("there");
        app.shutdown(PATIENCE).await.expect("it ends");
        let count = good.state.as_str().replace("\"count\":45", "\"count\":99");
        let state = Json::from_text(count).expect("JSON");
        let misfits = [
            Snapshot { fingerprint: "of another shape".to_owned(), state, ..good.clone() },
            Snapshot { state: Json::from_stored("{\"count\":"), ..good.clone() },
            Snapshot { state: Json::from_text(r#"{"x":1}"#).expect("JSON"), ..good.clone() },
            Snapshot { state: Json::from_text("null").expect("JSON"), ..good.clone() },
        ];
        for snapshot in misfits {
            store.save_snapshot(snapshot.clone()).await.expect("kept");
            assert_eq!(store.snapshot(&stream("a")).await.expect("read"), Some(snapshot));
            let app = started(Arc::clone(&store)).await;
            let loaded = app.load::<Counter>("a").await.expect("replayed");
            assert_eq!((loaded.count, loaded.version()), (45, Version(9)));
            let early = app.load::<Counter>("a").as_of(Version(4)).await.expect("replayed");
            assert_eq!(early.count, 10);
            app.snapshot::<Counter>("a").await.expect("replaced");
            assert_eq!(store.snapshot(&stream("a")).await.expect("read"), Some(good.clone()));
            app.shutdown(PATIENCE).await.expect("it ends");
        }
    }
}

/// An older log under a newer snapshot: the state it holds has never come about in this log.
#[tokio::test]
async fn h11_a_snapshot_of_another_history_is_ignored() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        for by in 1..=3 {
            app.act::<Counter>("b", Count { by }).await.expect("stored");
            app.act::<Counter>("a", Count { by }).await.expect("stored");
        }
        app.snapshot::<Counter>("a").await.expect("kept");
        app.shutdown(PATIENCE).await.expect("it ends");
        let good = store.snapshot(&stream("a")).await.expect("read").expect("there");
        let state = Json::from_text(good.state.as_str().replace("\"count\":6", "\"count\":60"));
        let state = state.expect("JSON");
        for (version, id) in [(Version(3), Id(77)), (Version(8), good.id), (Version(8), Id(77))] {
            let other = Snapshot { version, id, state: state.clone(), ..good.clone() };
            store.save_snapshot(other).await.expect("kept");
            let app = started(Arc::clone(&store)).await;
            let loaded = app.load::<Counter>("a").await.expect("replayed");
            assert_eq!((loaded.count, loaded.version()), (6, Version(3)));
            let done = app.act::<Counter>("b", Count { by: 1 }).await;
            done.expect("the other stream goes on");
            app.shutdown(PATIENCE).await.expect("it ends");
        }
        let app = started(Arc::clone(&store)).await;
        let done = app.act::<Counter>("a", Count { by: 1 }).await.expect("stored");
        assert_eq!(done.version, Version(4));
    }
}

#[tokio::test]
async fn h12_a_snapshot_that_cannot_be_stored_changes_no_answer() {
    for (store, _kept) in stores().await {
        let spoilt = Faulty::<Switches>::new(Arc::clone(&store));
        spoilt.faults.refuses_snapshots.store(true, SeqCst);
        let app = started(spoilt).await;
        for at in 1..=25 {
            for id in ["a", "b"] {
                let key = format!("{id}{at}");
                let done = app.act::<Counter>(id, Count { by: 1 }).key(&*key).await;
                assert_eq!(done.expect("stored").version, Version(at));
                let again = app.act::<Counter>(id, Count { by: 1 }).key(key).await;
                assert!(again.expect("known").repeated);
            }
        }
        app.snapshot::<Counter>("a").await.expect_err("asked for, so told");
        assert_eq!(app.load::<Counter>("a").await.expect("loaded").count, 25);
        app.shutdown(PATIENCE).await.expect("it ends");
        assert_eq!(log(&*store).await.len(), 50);
        assert_eq!(store.snapshot(&stream("a")).await.expect("read"), None);
    }
}

#[tokio::test]
async fn h13_a_load_that_breaks_is_an_error_and_leaves_nothing_behind() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        for by in 1..=8 {
            app.act::<Counter>("a", Count { by }).await.expect("stored");
            app.act::<Counter>("b", Count { by }).await.expect("stored");
        }
        let spoilt = Faulty::<Switches>::new(store);
        let faults = Arc::clone(&spoilt.faults);
        let app = started(spoilt).await;
        faults.breaks_before_version.store(5, SeqCst);
        app.load::<Counter>("a").await.expect_err("broken off");
        app.load::<Counter>("a").as_of(Version(8)).await.expect_err("broken off");
        app.load_json("Counter", "a", None).await.expect_err("broken off");
        app.act::<Counter>("a", Count { by: 1 }).await.expect_err("broken off");
        let mut history = app.history::<Counter>("a").expect("a name");
        for _ in 1..5 {
            history.next().await.expect("an event").expect("no error");
        }
        history.next().await.expect("an item").expect_err("broken off");
        assert!(history.next().await.is_none());
        faults.breaks_before_version.store(0, SeqCst);
        let loaded = app.load::<Counter>("a").await.expect("loaded");
        assert_eq!((loaded.count, loaded.version()), (36, Version(8)));
        let done = app.act::<Counter>("b", Count { by: 1 }).await.expect("stored");
        assert_eq!(done.version, Version(9));
    }
}
