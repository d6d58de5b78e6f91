//! What fails beside the log never changes an answer, and shows in the health.

use std::sync::atomic::Ordering::SeqCst;

use actum::{
    Error, ProjectionState,
    prelude::*,
    store::{ViewId, Views},
};
use actum_tests::faulty::{Faulty, Switches};

use crate::{
    counter::{Closings, Counter, Totals, count, folded, start},
    place::{Place, both, until},
};

both!(
    failing_snapshots_and_views_change_no_answer,
    a_read_error_is_not_the_end_of_a_replay,
    a_handler_that_panics_stops_its_projection_alone,
);

async fn until_retrying(app: &App, which: usize) {
    until("the projection tries again", async || {
        let health = app.health().await.expect("the health");
        matches!(health.projections[which].state, ProjectionState::Retrying { .. })
    })
    .await;
}

async fn failing_snapshots_and_views_change_no_answer(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    faulty.faults.hides_snapshots.store(true, SeqCst);
    faulty.faults.refuses_snapshots.store(true, SeqCst);
    faulty.faults.refuses_views.store(true, SeqCst);
    let app = start(faulty.clone()).await;
    for n in 1..=25 {
        for id in ["a", "b"] {
            let done = app.act::<Counter>(id, count(n)).await.expect("counted");
            assert_eq!((done.version, done.events, done.repeated), (Version(n), 1, false));
        }
    }
    for id in ["a", "b"] {
        assert_eq!(app.load::<Counter>(id).await.expect("a state").total, 325);
        assert_eq!(folded(&app, id).await.total, 325);
    }
    until_retrying(&app, 0).await;
    assert!(!app.health().await.expect("the health").is_well());
    faulty.faults.refuses_views.store(false, SeqCst);
    let head = app.health().await.expect("the health").head;
    let view = app.view::<Totals>().after(head).await.expect("a view");
    assert_eq!(view.0.values().copied().collect::<Vec<_>>(), [325, 325]);
}

async fn a_read_error_is_not_the_end_of_a_replay(place: Place) {
    let app = start(place.open().await).await;
    for n in 1..=3 {
        app.act::<Counter>("a", count(n)).await.expect("counted");
        app.act::<Counter>("b", count(n)).await.expect("counted");
    }
    let done = app.act::<Counter>("a", count(4)).await.expect("counted");
    app.view::<Totals>().after(done.id).await.expect("a view");
    app.shutdown(std::time::Duration::from_secs(20)).await.expect("an end in time");

    let faulty = Faulty::<Switches>::new(place.open().await);
    let views: Vec<_> =
        [Totals::NAME, Closings::NAME].map(|name| ViewId { name: name.into(), version: 1 }).into();
    for view in &views {
        faulty.reset(view).await.expect("reset");
    }
    faulty.faults.breaks_reads.store(true, SeqCst);
    let app = start(faulty.clone()).await;
    for id in ["a", "b"] {
        let state = app.load::<Counter>(id).await;
        assert!(matches!(state, Err(Error::Store { .. })), "{state:?}");
        let early = app.load::<Counter>(id).as_of(Version(2)).await;
        assert!(matches!(early, Err(Error::Store { .. })), "{early:?}");
        let refused = app.act::<Counter>(id, count(1)).await;
        assert!(matches!(refused, Err(ActError::Store(Error::Store { .. }))), "{refused:?}");
    }
    for (which, view) in views.iter().enumerate() {
        until_retrying(&app, which).await;
        assert_eq!(faulty.checkpoint(view).await.expect("a checkpoint"), Id(0));
    }
    faulty.faults.breaks_reads.store(false, SeqCst);
    let view = app.view::<Totals>().after(done.id).await.expect("it recovers");
    assert_eq!(view.0.values().copied().collect::<Vec<_>>(), [10, 6]);
    app.view::<Closings>().after(done.id).await.expect("it recovers");
    assert_eq!(app.load::<Counter>("a").await.expect("a state").total, 10);
    assert!(app.health().await.expect("the health").is_well());
}

async fn a_handler_that_panics_stops_its_projection_alone(place: Place) {
    let app = start(place.open().await).await;
    let before = app.act::<Counter>("a", count(1)).await.expect("counted");
    app.view::<Closings>().after(before.id).await.expect("a view");
    let bad = app.act::<Counter>("b", count(13)).await.expect("counted");
    let done = app.act::<Counter>("a", count(2)).await.expect("counted");

    let stopped = app.view::<Closings>().after(done.id).await;
    let Err(Error::ProjectionStopped { at, source, .. }) = stopped else { panic!("{stopped:?}") };
    assert!(at < bad.id, "it stands before the event");
    let named = matches!(&*source, Error::Panicked { id, message, .. }
        if *id == bad.id && message.contains("thirteen"));
    assert!(named, "{source}");
    let health = app.health().await.expect("the health");
    assert!(!health.is_well());
    let [totals, closings] = &health.projections[..] else { panic!("{health:?}") };
    assert!(!matches!(totals.state, ProjectionState::Stopped { .. }));
    let ProjectionState::Stopped { error, .. } = &closings.state else { panic!("{health:?}") };
    assert!(error.to_string().contains(&format!("event {}", bad.id)), "{error}");
    assert!(closings.lag > 0 && closings.lag_time.is_some());
    let view = app.view::<Totals>().after(done.id).await.expect("the other goes on");
    assert_eq!(view.0.values().sum::<u64>(), 16);
    app.view::<Closings>().after(before.id).await.expect("what it had seen before");
}
