//! Projections that meet errors, foreign events and restored logs.

use std::sync::atomic::Ordering::SeqCst;

use actum::{
    Error, Json, ProjectionState,
    prelude::*,
    store::{Batch, Document, NewEvent, Store, ViewCommit, ViewId, Views},
};
use actum_tests::faulty::{Faulty, Read, Switches};

use super::{
    Arc, PATIENCE,
    domain::{Count, Counter, PANICS, Totals},
    head, log, stores, when,
};

async fn started(store: impl Store) -> App {
    App::new(store).with::<Counter>().project::<Totals>().start().await.expect("it starts")
}

async fn count(app: &App, id: &str, by: u64) -> Id {
    app.act::<Counter>(id, Count { by }).await.expect("stored").id
}

fn totals() -> ViewId {
    ViewId { name: "Totals".into(), version: 1 }
}

fn reason(state: &ProjectionState) -> String {
    match state {
        ProjectionState::Stopped { error, .. } | ProjectionState::Retrying { error, .. } => {
            error.to_string()
        }
        ProjectionState::Running | ProjectionState::Standby => "it runs".to_owned(),
    }
}

async fn foreign(store: &dyn Store, stream: &str, name: &'static str, data: &str, times: usize) {
    let event = NewEvent::new(name, Json::from_text(data).expect("JSON"));
    let batch = Batch::new(stream.parse().expect("a name"), Expected::Any, vec![event; times]);
    store.append(batch).await.expect("stored");
}

#[tokio::test]
async fn h09_foreign_events_are_not_scanned_again_after_a_restart() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        count(&app, "a", 1).await;
        for at in 0..10 {
            foreign(&*store, &format!("Noise-{at}"), "Heard", "1", 10_000).await;
        }
        let end = head(&app).await;
        when(&app, |one| one.seen == end).await;
        app.shutdown(PATIENCE).await.expect("it ends");
        let spoilt = Faulty::<Switches>::new(store);
        let faults = Arc::clone(&spoilt.faults);
        let app = started(spoilt).await;
        when(&app, |one| one.seen == end).await;
        // At most so much is not stored while nothing concerns the projection.
        let from = |read: &Read| read.query.from_id.unwrap_or_default();
        let scans = || faults.reads().into_iter().filter(Read::projects);
        assert!(scans().all(|read| end.0 - from(&read).0 < 1_000));
        count(&app, "b", 2).await;
        let end = count(&app, "a", 3).await;
        let seen = app.view::<Totals>().after(end).await.expect("it runs");
        assert_eq!(seen, Totals::fold(&log(&**app.store()).await, end));
        assert!(scans().map(|read| read.events()).sum::<u64>() < 1_100);
    }
}

#[tokio::test]
async fn h13_a_read_that_breaks_is_reported_and_moves_no_checkpoint() {
    for (store, _kept) in stores().await {
        let spoilt = Faulty::<Switches>::new(store);
        let faults = Arc::clone(&spoilt.faults);
        let app = started(spoilt).await;
        let before = count(&app, "a", 1).await;
        app.view::<Totals>().after(before).await.expect("it runs");
        faults.breaks_before.store(before.0 + 2, SeqCst);
        count(&app, "b", 2).await;
        count(&app, "a", 3).await;
        let end = count(&app, "b", 4).await;
        let ill = when(&app, |one| matches!(one.state, ProjectionState::Retrying { .. }));
        assert!(reason(&ill.await.state).contains("faulty store failed to read"));
        assert!(app.store().checkpoint(&totals()).await.expect("kept") < end);
        faults.breaks_before.store(0, SeqCst);
        let seen = app.view::<Totals>().after(end).await.expect("caught up");
        assert_eq!(seen, Totals::fold(&log(&**app.store()).await, end));
        assert!(app.health().await.expect("health").is_well());
    }
}

#[tokio::test]
async fn h12_a_view_that_cannot_be_stored_is_folded_once_when_it_can() {
    for (store, _kept) in stores().await {
        let spoilt = Faulty::<Switches>::new(store);
        let faults = Arc::clone(&spoilt.faults);
        let app = started(spoilt).await;
        faults.refuses_views.store(true, SeqCst);
        count(&app, "a", 1).await;
        let end = count(&app, "b", 2).await;
        when(&app, |one| matches!(one.state, ProjectionState::Retrying { failures: 2.., .. }))
            .await;
        faults.refuses_views.store(false, SeqCst);
        let seen = app.view::<Totals>().after(end).await.expect("caught up");
        assert_eq!(seen, Totals::fold(&log(&**app.store()).await, end));
    }
}

#[tokio::test]
async fn h14_a_handler_that_panics_stops_the_projection_in_sight() {
    for (store, _kept) in stores().await {
        let app = started(store).await;
        let before = count(&app, "a", 1).await;
        app.view::<Totals>().after(before).await.expect("it runs");
        let bad = count(&app, "b", PANICS).await;
        let after = count(&app, "a", 2).await;
        let waited = tokio::time::timeout(PATIENCE, app.view::<Totals>().after(after));
        let answer = waited.await.expect("it does not wait for ever");
        assert!(matches!(answer, Err(Error::ProjectionStopped { .. })), "{answer:?}");
        let ill = when(&app, |one| matches!(one.state, ProjectionState::Stopped { .. })).await;
        assert!(reason(&ill.state).contains(&format!("panicked at event {bad}")));
        assert!(ill.seen < bad && ill.lag > 0 && !app.health().await.expect("health").is_well());
        let kept = app.view::<Totals>().await.expect("what it has");
        assert_eq!(kept, Totals::fold(&log(&**app.store()).await, before));
    }
}

#[tokio::test]
async fn h14_an_event_that_cannot_be_read_stops_the_projection_in_sight() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        let before = count(&app, "a", 1).await;
        foreign(&*store, "Counter-b", "Counted", r#"{"by":"many"}"#, 1).await;
        let after = count(&app, "a", 2).await;
        let waited = tokio::time::timeout(PATIENCE, app.view::<Totals>().after(after));
        let answer = waited.await.expect("it does not wait for ever");
        assert!(matches!(answer, Err(Error::ProjectionStopped { .. })), "{answer:?}");
        let ill = when(&app, |one| matches!(one.state, ProjectionState::Stopped { .. })).await;
        let bad = before.next();
        assert!(reason(&ill.state).contains(&format!("event {bad}, version 1 of `Counter-b`")));
    }
}

#[tokio::test]
async fn h15_a_reset_projection_and_one_on_a_copied_log_get_every_event() {
    for ((store, _kept), (copy, _copied)) in stores().await.into_iter().zip(stores().await) {
        let app = started(Arc::clone(&store)).await;
        for by in 1..40 {
            count(&app, if by % 3 == 0 { "a" } else { "b" }, by).await;
        }
        let end = head(&app).await;
        let whole = app.view::<Totals>().after(end).await.expect("it runs");
        app.shutdown(PATIENCE).await.expect("it ends");
        store.reset(&totals()).await.expect("reset");
        let app = started(Arc::clone(&store)).await;
        assert_eq!(app.view::<Totals>().after(end).await.expect("anew"), whole);
        for Committed { name, data, stream, .. } in log(&*store).await {
            let event = NewEvent::new(name.to_string(), data);
            copy.append(Batch::new(stream, Expected::Any, vec![event])).await.expect("stored");
        }
        let app = started(copy).await;
        assert_eq!(app.view::<Totals>().after(end).await.expect("restored"), whole);
    }
}

/// An older backup of the log under the documents of a newer one: what comes next would get ids
/// that the projection believes it has seen.
#[tokio::test]
async fn h15_a_checkpoint_beyond_the_log_stops_the_projection_in_sight() {
    for (store, _kept) in stores().await {
        foreign(&*store, "Counter-a", "Counted", r#"{"by":1}"#, 2).await;
        let data = Some(Json::from_value(&Totals::default()).expect("JSON"));
        let documents = vec![Document { key: String::new(), data }];
        let (view, from, to) = (totals(), Id(0), Id(50));
        let newer = ViewCommit { view, from, to, documents, lease: None };
        store.commit(newer).await.expect("stored");
        let app = started(Arc::clone(&store)).await;
        let ill = when(&app, |one| matches!(one.state, ProjectionState::Stopped { .. })).await;
        let why = reason(&ill.state);
        assert!(why.contains("up to 50") && why.contains("ends at 2"), "{why}");
        app.shutdown(PATIENCE).await.expect("it ends");
        store.reset(&totals()).await.expect("reset");
        let app = started(Arc::clone(&store)).await;
        let end = count(&app, "b", 5).await;
        let seen = app.view::<Totals>().after(end).await.expect("built anew");
        assert_eq!(seen, Totals::fold(&log(&*store).await, end));
    }
}

/// Log, documents and checkpoints lie in one file, so a backup brings all of them back together:
/// however far the restored log grows past where the checkpoint once stood, no event is missed.
#[tokio::test]
async fn h15_a_restored_backup_has_the_checkpoint_of_its_own_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, backup) = (folder.path().join("log.db"), folder.path().join("backup.db"));
    let app = started(Sqlite::open(&file).await.expect("it opens")).await;
    count(&app, "a", 1).await;
    let kept = count(&app, "b", 2).await;
    app.view::<Totals>().after(kept).await.expect("it runs");
    let copy = rusqlite::Connection::open(&file).expect("it opens");
    copy.execute("VACUUM INTO ?1", [backup.to_str().expect("a name")]).expect("a backup");
    drop(copy);
    for by in 3..9 {
        let lost = count(&app, "a", by).await;
        app.view::<Totals>().after(lost).await.expect("it runs");
    }
    app.shutdown(PATIENCE).await.expect("it ends");

    let app = started(Sqlite::open(&backup).await.expect("it opens")).await;
    assert_eq!(head(&app).await, kept);
    for by in 20..40 {
        count(&app, if by % 2 == 0 { "a" } else { "b" }, by).await;
    }
    let end = head(&app).await;
    let seen = app.view::<Totals>().after(end).await.expect("it runs");
    assert_eq!(seen, Totals::fold(&log(&**app.store()).await, end));
}

#[tokio::test]
async fn h16_a_projection_follows_ids_beyond_32_and_53_bits() {
    for start in [(1 << 31) - 2, (1 << 53) - 2] {
        let app = started(Memory::starting_after(Id(start))).await;
        for by in 1..5 {
            count(&app, if by % 2 == 0 { "a" } else { "b" }, by).await;
        }
        let end = head(&app).await;
        assert_eq!(end, Id(start + 4));
        let seen = app.view::<Totals>().after(end).await.expect("it runs");
        assert_eq!(seen, Totals::fold(&log(&**app.store()).await, end));
        assert_eq!(app.store().checkpoint(&totals()).await.expect("kept"), end);
    }
}
