//! One process at a time runs a reaction; who has lost it changes nothing any more.

use std::time::Duration;

use actum::{ReactionState, Timestamp, prelude::*, store::ViewId};
use tokio::sync::watch;

use crate::{
    domain::{Desk, Do, Script, paid_for, place, settled, start},
    place::{PATIENCE, Place, everywhere, until},
};

everywhere!(
    one_of_several_runs_it_and_a_shutdown_hands_it_over,
    requests_reach_the_one_that_runs_it,
    h20_a_stale_holder_is_refused_and_nothing_happens_twice,
    a_shutdown_waits_for_what_is_in_flight,
);

const LEASE: &str = "reaction/Desk";

fn view() -> ViewId {
    ViewId { name: LEASE.into(), version: 0 }
}

async fn runs(app: &App) -> bool {
    let health = app.health().await.expect("health");
    matches!(health.reactions[0].state, ReactionState::Running)
}

async fn one_of_several_runs_it_and_a_shutdown_hands_it_over(at: Place) {
    let scripts = [Script::new(|_| Do::Work), Script::new(|_| Do::Work)];
    let one = start(at.open().await, &scripts[0], "one").await;
    until("the first runs it", async || runs(&one).await).await;
    let two = start(at.open().await, &scripts[1], "two").await;
    place(&two, "a", 3).await;
    let last = place(&two, "b", 3).await;
    settled(&two, last).await;
    assert!(scripts[1].calls().is_empty() && scripts[0].calls().len() == 6);
    one.shutdown(PATIENCE).await.expect("in time");
    place(&two, "a", 1).await;
    until("the second has taken over", async || paid_for(&two, "a").await.len() == 4).await;
    assert_eq!(scripts[1].of("Order-a"), [4]);
    assert_eq!(scripts[0].calls().len(), 6);
}

async fn requests_reach_the_one_that_runs_it(at: Place) {
    let failing = Script::new(|call| match (&*call.stream, call.version) {
        ("Order-a", 1) => Do::Park("declined"),
        _ => Do::Work,
    });
    let idle = Script::new(|_| Do::Work);
    let one = start(at.open().await, &failing, "one").await;
    until("the first runs it", async || runs(&one).await).await;
    let two = start(at.open().await, &idle, "two").await;
    place(&two, "b", 1).await;
    place(&two, "a", 2).await;
    until("it is parked", async || two.parked::<Desk>().await.expect("read").len() == 1).await;
    failing.turn(|_| Do::Work);
    two.parked::<Desk>().retry(&"Order-a".parse().expect("a name")).await.expect("asked");
    until("all is paid for", async || paid_for(&two, "a").await == [1, 2]).await;
    assert!(idle.calls().is_empty());
}

async fn h20_a_stale_holder_is_refused_and_nothing_happens_twice(at: Place) {
    let (go, going) = watch::channel(false);
    let script = Script::new(move |_| Do::Wait(going.clone()));
    let stale = start(at.open().await, &script, "stale").await;
    place(&stale, "a", 1).await;
    let last = place(&stale, "b", 1).await;
    until("both are at work", async || script.calls().len() == 2).await;
    // Given that it has been silent for longer than its lease, and another has taken over.
    let store = at.open().await;
    let later = Timestamp::now() + Duration::from_hours(1);
    let ttl = Duration::from_millis(1);
    let lease = store.acquire(LEASE, "another", later, ttl).await.expect("asked");
    let lease = lease.expect("it has run out");
    // When it comes to an end with its work.
    go.send_replace(true);
    // Whichever pays first learns of it, and the other may be cut off.
    until("it knows that it is out", async || !runs(&stale).await).await;
    // Then nothing that it wanted to store is there.
    assert_eq!(store.checkpoint(&view()).await.expect("read"), Id(0));
    assert!(store.documents(&view(), "", None, 9).await.expect("read").is_empty());
    stale.shutdown(PATIENCE).await.expect("in time");
    // And whoever comes next handles both again, to no further effect.
    store.release(&lease).await.expect("given back");
    let next = start(store, &script, "next").await;
    settled(&next, last).await;
    assert_eq!(script.calls().len(), 4);
    assert_eq!(paid_for(&next, "a").await, [1]);
    assert_eq!(paid_for(&next, "b").await, [1]);
}

async fn a_shutdown_waits_for_what_is_in_flight(at: Place) {
    let (go, going) = watch::channel(false);
    let script = Script::new(move |_| Do::Wait(going.clone()));
    let app = start(at.open().await, &script, "r").await;
    place(&app, "b", 1).await;
    let last = place(&app, "a", 1).await;
    until("both are at work", async || script.calls().len() == 2).await;
    let shutdown = tokio::spawn({
        let app = app.clone();
        async move { app.shutdown(PATIENCE).await }
    });
    tokio::task::yield_now().await;
    go.send_replace(true);
    shutdown.await.expect("no panic").expect("in time");
    let store = at.open().await;
    // What followed may have been seen as well.
    assert!(store.checkpoint(&view()).await.expect("read") >= last);
    // The lease is free at once.
    let now = Timestamp::now();
    let lease = store.acquire(LEASE, "next", now, Duration::from_secs(1)).await.expect("asked");
    assert!(lease.is_some());
}
