//! What a shutdown refuses, what it waits for, and what is stored afterwards.

use std::{sync::Arc, time::Duration};

use actum::{Error, prelude::*};
use actum_tests::faulty::{Faulty, Switches};
use tokio::task::JoinSet;

use crate::{
    counter::{Counter, Totals, count, folded, start},
    place::{Place, everywhere, until},
};

everywhere!(
    actions_in_flight_finish_and_new_ones_are_refused,
    what_does_not_end_in_time_is_told_and_can_be_asked_again,
    everything_acknowledged_is_stored_once_under_load,
    clones_are_shut_down_together,
);

const SOON: Duration = Duration::from_secs(30);

fn is_closed<T>(answer: &Result<T, ActError<crate::counter::IsClosed>>) -> bool {
    matches!(answer, Err(ActError::Store(Error::Closed { what: "the app" })))
}

async fn actions_in_flight_finish_and_new_ones_are_refused(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let app = start(faulty.clone()).await;
    let held = faulty.faults.appends.write().await;
    let mut acts = JoinSet::new();
    for id in ["a", "b"] {
        let app = app.clone();
        acts.spawn(async move { app.act::<Counter>(id, count(2)).await });
    }
    // Both wait in the store: a writer that waits for the lock would let no reader in.
    until("both have come to the store", async || {
        faulty.faults.waiting.load(std::sync::atomic::Ordering::SeqCst) == 2
    })
    .await;
    let shutting = tokio::spawn({
        let app = app.clone();
        async move { app.shutdown(SOON).await }
    });
    until("new actions are refused", async || is_closed(&app.act::<Counter>("c", count(0)).await))
        .await;
    assert!(is_closed(&app.act::<Counter>("a", count(1)).await));
    let error = app.snapshot::<Counter>("a").await.expect_err("refused");
    assert!(matches!(error, Error::Closed { .. }), "{error}");
    assert!(error.to_string().contains("start another to go on"), "{error}");
    assert!(!shutting.is_finished(), "two actions are in flight");
    drop(held);
    for done in acts.join_all().await {
        assert_eq!(done.expect("it finishes").version, Version(1));
    }
    shutting.await.expect("no panic").expect("an end in time");
    for id in ["a", "b"] {
        assert_eq!(folded(&app, id).await.total, 2);
    }
    assert_eq!(folded(&app, "c").await.total, 0);
}

async fn what_does_not_end_in_time_is_told_and_can_be_asked_again(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let app = start(faulty.clone()).await;
    app.act::<Counter>("b", count(1)).await.expect("counted");
    let held = faulty.faults.appends.write().await;
    let act = tokio::spawn({
        let app = app.clone();
        async move { app.act::<Counter>("a", count(2)).key("k").await }
    });
    until("it has come to the store", async || {
        faulty.faults.waiting.load(std::sync::atomic::Ordering::SeqCst) == 1
    })
    .await;
    let error = app.shutdown(Duration::from_millis(1)).await.expect_err("one is in flight");
    assert!(matches!(error, Error::Unfinished { actions: 1, .. }), "{error}");
    drop(held);
    let first = act.await.expect("no panic").expect("it belongs to who asked it, and goes on");
    app.shutdown(SOON).await.expect("by now all have ended");
    let next = start(place.open().await).await;
    let again = next.act::<Counter>("a", count(2)).key("k").await.expect("the first outcome");
    assert!(again.repeated);
    assert_eq!((again.id, folded(&next, "a").await.total), (first.id, 2));
}

async fn everything_acknowledged_is_stored_once_under_load(place: Place) {
    const TASKS: u64 = 8;
    let app = start(place.open().await).await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let app = app.clone();
        tasks.spawn(async move {
            let (stream, mut acknowledged) = (format!("{}", task % 2), 0);
            loop {
                let answer = app.act::<Counter>(&stream, count(1)).await;
                match &answer {
                    Ok(done) => acknowledged += done.events,
                    Err(ActError::Conflict(_)) => {}
                    Err(_) if is_closed(&answer) => return (task % 2, acknowledged),
                    Err(error) => panic!("{error}"),
                }
                tokio::task::yield_now().await;
            }
        });
    }
    until("much has been stored", async || app.store().head().await.expect("a head").0 > 100).await;
    app.shutdown(SOON).await.expect("an end in time");
    let head = app.store().head().await.expect("a head");
    let mut totals = [0; 2];
    for (stream, acknowledged) in tasks.join_all().await {
        totals[usize::from(stream == 1)] += acknowledged;
    }
    let next = start(place.open().await).await;
    assert_eq!(next.store().head().await.expect("a head"), head, "nothing came afterwards");
    let view = next.view::<Totals>().after(head).await.expect("a view");
    for (at, total) in totals.into_iter().enumerate() {
        assert_eq!(folded(&next, &at.to_string()).await.total, total);
        assert_eq!(view.0[&format!("Counter-{at}")], total);
    }
}

async fn clones_are_shut_down_together(place: Place) {
    let app = start(place.open().await).await;
    let done = app.act::<Counter>("a", count(1)).await.expect("counted");
    app.view::<Totals>().after(done.id).await.expect("a view");
    let clones: Vec<_> = (0..3).map(|_| Arc::new(app.clone())).collect();
    let mut shutting = JoinSet::new();
    for clone in &clones {
        let clone = Arc::clone(clone);
        shutting.spawn(async move { clone.shutdown(SOON).await });
    }
    for ended in shutting.join_all().await {
        ended.expect("an end in time");
    }
    for clone in &clones {
        assert!(is_closed(&clone.act::<Counter>("b", count(1)).await));
        assert_eq!(clone.load::<Counter>("a").await.expect("it is still read").total, 1);
        assert_eq!(clone.view::<Totals>().await.expect("what is stored").0["Counter-a"], 1);
    }
}
