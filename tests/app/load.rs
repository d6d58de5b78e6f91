//! States, latest and earlier, and the history they come from.

use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use actum::{Clock, prelude::*};

use crate::{
    counter::{Close, Counter, count},
    place::{Place, both},
};

both!(a_state_is_loaded_as_of_a_version_an_id_and_a_time, a_history_is_that_of_one_stream);

/// One second later at each look.
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, SeqCst)).expect("a time")
    }
}

async fn started(place: &Place) -> App {
    let clock = Ticks(AtomicI64::new(1_000));
    App::new(place.open().await).with::<Counter>().clock(clock).start().await.expect("an app")
}

async fn a_state_is_loaded_as_of_a_version_an_id_and_a_time(place: Place) {
    let app = started(&place).await;
    for by in 1..=12 {
        app.act::<Counter>("a", count(by)).await.expect("counted");
        app.act::<Counter>("b", count(100 * by)).await.expect("counted");
    }
    app.snapshot::<Counter>("b").await.expect("a snapshot");
    for (id, factor) in [("a", 1), ("b", 100)] {
        let history = app.history::<Counter>(id).expect("a stream").all().await.expect("events");
        for (event, n) in history.iter().zip(1..) {
            let sum = factor * n * (n + 1) / 2;
            for load in [
                app.load::<Counter>(id).as_of(event.version),
                app.load::<Counter>(id).as_of(event.id),
                app.load::<Counter>(id).as_of(event.created),
            ] {
                let state = load.await.expect("a state");
                assert_eq!(
                    (state.total, state.version(), state.id()),
                    (sum, event.version, event.id)
                );
            }
        }
        let before = app.load::<Counter>(id).as_of(Timestamp::from_second(1).unwrap()).await;
        assert_eq!(before.expect("a state").version(), Version(0));
        let latest = app.load::<Counter>(id).as_of(Version(99)).await.expect("a state");
        assert_eq!((latest.total, latest.version()), (factor * 78, Version(12)));
        assert_eq!(app.load::<Counter>(id).await.expect("a state").total, factor * 78);
    }
}

async fn a_history_is_that_of_one_stream(place: Place) {
    let app = started(&place).await;
    app.act::<Counter>("a", count(1)).await.expect("counted");
    app.act::<Counter>("b", count(2)).await.expect("counted");
    app.act::<Counter>("a", Close {}).await.expect("closed");
    let history = app.history::<Counter>("a").expect("a stream").all().await.expect("events");
    let names: Vec<_> = history.iter().map(|event| (&*event.name, event.version.0)).collect();
    assert_eq!(names, [("Counted", 1), ("Counted", 2), ("Closed", 3)]);
    assert!(history.is_sorted_by(|one, next| one.id < next.id));
    let none = app.load::<Counter>("c").await.expect("a state");
    assert_eq!((none.state(), none.version(), none.id()), (&Counter::default(), Version(0), Id(0)));
}
