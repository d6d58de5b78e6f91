//! Projections follow the log, know where they stand, and come to an end.

use std::time::Duration;

use actum::{
    Error, Json,
    prelude::*,
    store::{Batch, Log, NewEvent},
};
use actum_tests::faulty::{Faulty, Switches};

use crate::{
    counter::{Close, Closings, Counter, Totals, count, start},
    place::{Place, both},
};

both!(
    a_view_reads_its_own_write,
    a_restart_goes_on_at_the_checkpoint,
    foreign_events_are_not_scanned_again,
    a_shutdown_ends_the_projections,
);

const SOON: Duration = Duration::from_secs(20);

fn totals(a: u64, b: u64) -> Totals {
    Totals([("Counter-a".to_owned(), a), ("Counter-b".to_owned(), b)].into())
}

async fn a_view_reads_its_own_write(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Counter>("b", count(7)).await.expect("counted");
    for n in 1..=20 {
        let done = app.act::<Counter>("a", count(1)).await.expect("counted");
        assert_eq!(app.view::<Totals>().after(done.id).await.expect("a view"), totals(n, 7));
    }
    let done = app.act::<Counter>("b", Close {}).await.expect("closed");
    let closings = app.view::<Closings>().after(done.id).await.expect("a view");
    assert_eq!(closings, Closings { times: 1 });
    assert_eq!(app.view::<Totals>().after(done.id).await.expect("a view"), totals(20, 8));
    let health = app.health().await.expect("the health");
    assert!(health.is_well() && health.head == done.id, "{health:?}");
    assert!(health.projections.iter().all(|one| one.lag == 0 && one.lag_time.is_none()));
}

async fn a_restart_goes_on_at_the_checkpoint(place: Place) {
    for n in 1..=3 {
        let app = start(place.open().await).await;
        app.act::<Counter>("a", count(1)).await.expect("counted");
        let done = app.act::<Counter>("b", count(2)).await.expect("counted");
        assert_eq!(app.view::<Totals>().after(done.id).await.expect("a view"), totals(n, 2 * n));
        app.view::<Closings>().after(done.id).await.expect("a view");
        app.shutdown(SOON).await.expect("an end in time");
        // The next one has nothing to fold but what is new.
        let faulty = Faulty::<Switches>::new(place.open().await);
        let next = start(faulty.clone()).await;
        assert_eq!(next.view::<Totals>().after(done.id).await.expect("a view"), totals(n, 2 * n));
        next.view::<Closings>().after(done.id).await.expect("a view");
        next.shutdown(SOON).await.expect("an end in time");
        assert_eq!(faulty.faults.events(), 0);
    }
}

async fn foreign_events_are_not_scanned_again(place: Place) {
    const FOREIGN: u64 = 100_000;
    let store = place.open().await;
    let app = start(store.clone()).await;
    let first = app.act::<Counter>("a", count(1)).await.expect("counted");
    app.view::<Totals>().after(first.id).await.expect("a view");
    let event = NewEvent::new("Noted", Json::from_text("null").expect("JSON"));
    for round in 0..FOREIGN / 2_000 {
        let stream = format!("Note-{}", round % 2).parse().expect("a stream");
        let batch = Batch::new(stream, Expected::Any, vec![event.clone(); 2_000]);
        store.append(batch).await.expect("appended");
    }
    let head = store.head().await.expect("a head");
    assert!(head.0 >= FOREIGN);
    assert_eq!(app.view::<Totals>().after(head).await.expect("a view").0["Counter-a"], 1);
    app.view::<Closings>().after(head).await.expect("a view");
    app.shutdown(SOON).await.expect("an end in time");

    let faulty = Faulty::<Switches>::new(place.open().await);
    let next = start(faulty.clone()).await;
    let done = next.act::<Counter>("b", count(2)).await.expect("counted");
    assert_eq!(next.view::<Totals>().after(done.id).await.expect("a view"), totals(1, 2));
    next.view::<Closings>().after(done.id).await.expect("a view");
    let reads = faulty.faults.reads();
    let scans: Vec<_> =
        reads.iter().map(|read| &read.query).filter(|query| query.stream.is_none()).collect();
    assert!(scans.len() >= 2, "{scans:?}");
    for scan in scans {
        assert!(scan.from_id.is_some_and(|from| from.0 + 1_000 >= head.0), "{scan:?}");
    }
}

async fn a_shutdown_ends_the_projections(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Counter>("a", count(1)).await.expect("counted");
    let done = app.act::<Counter>("b", count(1)).await.expect("counted");
    app.view::<Totals>().after(done.id).await.expect("a view");
    let clone = app.clone();
    app.shutdown(SOON).await.expect("an end in time");
    let late = clone.view::<Totals>().after(done.id.next()).await;
    assert!(matches!(late, Err(Error::Closed { .. })), "{late:?}");
    assert_eq!(clone.view::<Totals>().await.expect("what is stored"), totals(1, 1));
}
