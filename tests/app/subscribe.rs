//! Live subscriptions: what they hand out, where they resume, how they fail and end.

use std::{collections::HashMap, sync::atomic::Ordering::SeqCst, time::Duration};

use actum::{
    Error, Json, Subscription,
    prelude::*,
    store::{Batch, NewEvent},
};
use actum_tests::faulty::{Faulty, Switches};
use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::{
    counter::{Close, Counter, CounterEvent, Open, count, start},
    place::{Place, everywhere, until},
};

everywhere!(
    catching_up_and_following_leave_no_gap_and_no_double,
    every_filter_of_the_query_holds,
    a_subscription_resumes_from_its_position,
    h9_foreign_events_move_the_position_and_are_not_read_again,
    an_error_of_the_store_is_an_item_and_nothing_is_lost_or_doubled,
    nothing_is_read_before_it_is_asked_for,
    a_waiting_subscription_hands_out_what_another_app_commits,
    a_shutdown_ends_a_subscription_wherever_it_stands,
    a_shutdown_ends_a_subscription_whose_store_does_not_answer,
    an_event_that_does_not_decode_is_passed,
);

const SOON: Duration = Duration::from_secs(30);

async fn take(subscription: &mut Subscription, events: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    while ids.len() < events {
        let next = tokio::time::timeout(SOON, subscription.next()).await.expect("an event in time");
        ids.push(next.expect("it goes on").expect("an event").id.0);
    }
    ids
}

async fn ids(app: &App, query: Query) -> Vec<u64> {
    let events = app.read(query).all().await.expect("events");
    events.into_iter().map(|event| event.id.0).collect()
}

async fn catching_up_and_following_leave_no_gap_and_no_double(place: Place) {
    const EVENTS: usize = 400;
    let app = start(place.open().await).await;
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let app = app.clone();
        writers.spawn(async move {
            for at in 0..EVENTS / 4 {
                let id = format!("{writer}-{}", at % 3);
                app.act::<Counter>(id, count(1)).await.expect("counted");
            }
        });
    }
    let mut readers = JoinSet::new();
    for reader in 0..4 {
        // Each begins at another moment of the writing.
        until("it has been written to", async || {
            app.store().head().await.expect("a head").0 > reader * 60
        })
        .await;
        let mut subscription = app.subscribe(Query::all(), Id(0)).expect("a subscription");
        readers.spawn(async move { take(&mut subscription, EVENTS).await });
    }
    writers.join_all().await;
    let all = ids(&app, Query::all()).await;
    assert_eq!(all.len(), EVENTS);
    for seen in readers.join_all().await {
        assert_eq!(seen, all);
    }
}

async fn every_filter_of_the_query_holds(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b", "a"] {
        app.act::<Counter>(id, count(2)).correlation(id).await.expect("counted");
        app.act::<Counter>(id, Close {}).await.expect("closed");
        app.act::<Counter>(id, Open {}).await.expect("opened");
    }
    let foreign = NewEvent::new("Noted", Json::from_text("null").expect("JSON"));
    let stream: actum::StreamId = "Note-a".parse().expect("a stream");
    let batch = Batch::new(stream, Expected::Empty, vec![foreign]);
    app.store().append(batch).await.expect("noted");
    let head = app.store().head().await.expect("a head");
    let all = app.read(Query::all()).all().await.expect("events");
    let (third, seventh) = (&all[2], &all[6]);
    for query in [
        Query::all(),
        Query::stream("Counter-a".parse().expect("a stream")),
        Query::stream("Counter-b".parse().expect("a stream")).from_version(2).to_version(3),
        Query::all().category("Note"),
        Query::all().name("Closed").name("Opened"),
        Query::all().correlation("b"),
        Query::all().from_id(third.id).to_id(seventh.id),
        Query::all().from_time(third.created).to_time(seventh.created).name("Counted"),
        Query::all().category("Counter").limit(5),
        Query::all().without_meta().limit(2),
    ] {
        let expected = ids(&app, query.clone()).await;
        assert!(!expected.is_empty(), "{query:?}");
        let bounded = query.to_id.is_some();
        let bounded = if bounded { query.clone() } else { query.clone().to_id(head) };
        let mut subscription = app.subscribe(bounded, Id(0)).expect("a subscription");
        assert_eq!(take(&mut subscription, expected.len()).await, expected, "{query:?}");
        let end = tokio::time::timeout(SOON, subscription.next()).await.expect("an end in time");
        assert!(end.is_none(), "{query:?}: {end:?}");
    }
    let refused = app.subscribe(Query::all().backward(), Id(0));
    assert!(matches!(refused, Err(Error::Query { .. })), "{refused:?}");
}

async fn a_subscription_resumes_from_its_position(place: Place) {
    let app = start(place.open().await).await;
    for round in 0..10 {
        app.act::<Counter>(["a", "b"][round % 2], count(1)).await.expect("counted");
    }
    let all = ids(&app, Query::all()).await;
    let mut seen = Vec::new();
    let mut position = Id(0);
    while seen.len() < all.len() {
        let mut part = app.subscribe(Query::all(), position).expect("a subscription");
        assert_eq!(part.position(), position);
        seen.extend(take(&mut part, 2).await);
        position = part.position();
        assert_eq!(Some(&position.0), seen.last());
    }
    assert_eq!(seen, all);
}

async fn append_foreign(app: &App, events: usize) {
    let event = NewEvent::new("Noted", Json::from_text("null").expect("JSON"));
    for at in 0..events / 1_000 {
        let stream = format!("Note-{}", at % 2).parse().expect("a stream");
        let batch = Batch::new(stream, Expected::Any, vec![event.clone(); 1_000]);
        app.store().append(batch).await.expect("noted");
    }
}

async fn h9_foreign_events_move_the_position_and_are_not_read_again(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Counter>("a", count(1)).await.expect("counted");
    let query = Query::all().name("Counted");
    let mut subscription = app.subscribe(query.clone(), Id(0)).expect("a subscription");
    take(&mut subscription, 1).await;
    append_foreign(&app, 20_000).await;
    let head = app.store().head().await.expect("a head");
    until("it has passed the foreign events", async || {
        assert!(subscription.next().now_or_never().is_none(), "nothing is wanted");
        subscription.position() == head
    })
    .await;

    let faulty = Faulty::<Switches>::new(place.open().await);
    let bare = App::new(faulty.clone()).with::<Counter>().start().await.expect("an app");
    let mut resumed = bare.subscribe(query, subscription.position()).expect("a subscription");
    let done = bare.act::<Counter>("b", count(1)).await.expect("counted");
    assert_eq!(take(&mut resumed, 1).await, [done.id.0]);
    for query in faulty.faults.reads().iter().map(|read| &read.query) {
        assert!(query.stream.is_some() || query.from_id > Some(head), "{query:?}");
    }
}

async fn an_error_of_the_store_is_an_item_and_nothing_is_lost_or_doubled(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let app = App::new(faulty.clone()).with::<Counter>().start().await.expect("an app");
    for round in 0..6 {
        app.act::<Counter>(["a", "b"][round % 2], count(1)).await.expect("counted");
    }
    let all = ids(&app, Query::all()).await;
    faulty.faults.breaks_reads.store(true, SeqCst);
    let mut subscription = app.subscribe(Query::all(), Id(0)).expect("a subscription");
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.extend(take(&mut subscription, 1).await);
        let error = subscription.next().await.expect("an item").expect_err("a fault");
        assert!(matches!(error, Error::Store { .. }), "{error}");
        assert_eq!(Some(&subscription.position().0), seen.last());
    }
    faulty.faults.breaks_reads.store(false, SeqCst);
    seen.extend(take(&mut subscription, 4).await);
    assert_eq!(seen, all);
}

async fn nothing_is_read_before_it_is_asked_for(place: Place) {
    const MOST: u64 = 5_000;
    let faulty = Faulty::<Switches>::new(place.open().await);
    let app = App::new(faulty.clone()).start().await.expect("an app");
    append_foreign(&app, 20_000).await;
    let mut subscription = app.subscribe(Query::all(), Id(0)).expect("a subscription");
    assert_eq!(faulty.faults.events(), 0);
    take(&mut subscription, 1).await;
    // One that asks for all goes by in between: there was time to read ahead.
    assert_eq!(ids(&app, Query::all().from_id(Id(10_001))).await.len(), 10_000);
    let read = faulty.faults.events();
    assert!((10_001..10_000 + MOST).contains(&read), "{read} events were read");
    assert_eq!(take(&mut subscription, 19_999).await.len(), 19_999);
}

async fn a_waiting_subscription_hands_out_what_another_app_commits(place: Place) {
    let (one, two) = (start(place.open().await).await, start(place.open().await).await);
    let counts = Query::all().category("Counter");
    let subscription = one.subscribe(counts, Id(0)).expect("a subscription");
    let mut events = subscription.decode_any::<CounterEvent>();
    assert!(events.next().now_or_never().is_none());
    for id in ["a", "b"] {
        two.act::<Counter>(id, Close {}).await.expect("closed by the other");
        let mut names = HashMap::new();
        for _ in 0..2 {
            let next = tokio::time::timeout(SOON, events.next()).await.expect("an event in time");
            let event = next.expect("it goes on").expect("an event");
            assert_eq!(event.stream.id(), id);
            names.insert(matches!(event.data, CounterEvent::Closed(_)), event.version);
        }
        assert_eq!(names[&false], Version(1));
        assert_eq!(names[&true], Version(2));
    }
}

async fn a_shutdown_ends_a_subscription_wherever_it_stands(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Counter>(id, count(1)).await.expect("counted");
    }
    let subscribe = || app.subscribe(Query::all(), Id(0)).expect("a subscription");
    let (fresh, mut midway, mut waiting) = (subscribe(), subscribe(), subscribe());
    take(&mut midway, 1).await;
    take(&mut waiting, 2).await;
    let waiting = tokio::spawn(async move { waiting.next().await.is_none() });
    app.shutdown(SOON).await.expect("an end in time");
    assert!(tokio::time::timeout(SOON, waiting).await.expect("in time").expect("no panic"));
    for mut subscription in [fresh, midway] {
        assert!(subscription.next().await.is_none());
    }
    let late = app.subscribe(Query::all(), Id(0));
    assert!(matches!(late, Err(Error::Closed { .. })), "{late:?}");
    let other = start(place.open().await).await;
    let mut orphan = other.subscribe(Query::all(), Id(0)).expect("a subscription");
    drop(other);
    assert!(orphan.next().await.is_none(), "the app is gone");
}

async fn a_shutdown_ends_a_subscription_whose_store_does_not_answer(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let app = App::new(faulty.clone()).with::<Counter>().start().await.expect("an app");
    for id in ["a", "b"] {
        app.act::<Counter>(id, count(1)).await.expect("counted");
    }
    let subscribe = || app.subscribe(Query::all(), Id(0)).expect("a subscription");
    // One waits for the head from the start, the other has handed out all there was.
    let (mut fresh, mut midway) = (subscribe(), subscribe());
    take(&mut midway, 2).await;
    faulty.faults.is_silent.store(true, SeqCst);
    let ends = [
        tokio::spawn(async move { fresh.next().await.is_none() }),
        tokio::spawn(async move { midway.next().await.is_none() }),
    ];
    until("both wait for an answer", async || faulty.faults.unanswered.load(SeqCst) >= 2).await;
    assert!(ends.iter().all(|end| !end.is_finished()));
    app.shutdown(SOON).await.expect("an end in time");
    for end in ends {
        assert!(tokio::time::timeout(SOON, end).await.expect("in time").expect("no panic"));
    }
}

async fn an_event_that_does_not_decode_is_passed(place: Place) {
    let app = start(place.open().await).await;
    let first = app.act::<Counter>("a", count(1)).await.expect("counted");
    let odd = NewEvent::new("Counted", Json::from_text("[]").expect("JSON"));
    let stream: actum::StreamId = "Counter-b".parse().expect("a stream");
    app.store().append(Batch::new(stream, Expected::Empty, vec![odd])).await.expect("appended");
    let last = app.act::<Counter>("a", count(1)).await.expect("counted");
    let subscription = app.subscribe(Query::all(), Id(0)).expect("a subscription");
    let mut events = subscription.decode_any::<CounterEvent>();
    assert_eq!(events.next().await.expect("an item").expect("an event").id, first.id);
    let error = events.next().await.expect("an item").expect_err("it does not decode");
    assert!(matches!(error, Error::Decode { id, .. } if id == events.position()), "{error}");
    assert_eq!(events.next().await.expect("an item").expect("an event").id, last.id);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_shorter_than_the_position_ends_it_after_a_while() {
    let memory = Memory::new();
    let app = start(memory.clone()).await;
    app.act::<Counter>("a", count(1)).await.expect("counted");
    let mut early = app.subscribe(Query::all(), Id(2)).expect("a subscription");
    assert!(early.next().now_or_never().is_none(), "the id may become readable");
    let next = app.act::<Counter>("b", Close {}).await.expect("closed");
    assert_eq!(take(&mut early, 1).await, [next.id.0], "it has passed 2");
    let mut other = app.subscribe(Query::all(), Id(100)).expect("a subscription");
    let error = other.next().await.expect("an item").expect_err("another log");
    let told = matches!(error, Error::Ahead { checkpoint: Id(100), head: Id(3), .. });
    assert!(told, "{error}");
    assert!(other.next().await.is_none());
}
