//! What an action answers and what it leaves in the log.

use std::future::IntoFuture;

use actum::{Error, prelude::*};
use futures_util::FutureExt;

use crate::{
    counter::{Close, Counter, CounterEvent, IsClosed, Open, count, folded, start},
    place::{Place, both},
};

both!(
    an_empty_result_stores_nothing,
    a_rejection_is_the_domains_own_error,
    a_pinned_version_that_is_gone_is_a_conflict_that_names_the_events,
    a_key_repeats_the_first_outcome,
    the_meta_data_tells_who_and_why,
    a_key_that_could_be_a_reactions_is_refused,
    what_is_not_registered_is_unknown,
    a_dropped_act_leaves_the_app_usable,
);

async fn an_empty_result_stores_nothing(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        let first = app.act::<Counter>(id, count(2)).await.expect("counted");
        let done = app.act::<Counter>(id, count(0)).await.expect("nothing");
        assert_eq!((done.version, done.id, done.events), (Version(1), first.id, 0));
        assert_eq!(app.history::<Counter>(id).expect("a stream").all().await.unwrap().len(), 1);
    }
}

async fn a_rejection_is_the_domains_own_error(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Counter>("a", count(4)).await.expect("counted");
    let done = app.act::<Counter>("a", Close {}).await.expect("closed");
    assert_eq!((done.version, done.events, done.repeated), (Version(3), 2, false));
    let refused = app.act::<Counter>("a", count(1)).await;
    assert!(matches!(refused, Err(ActError::Rejected(IsClosed { at: 5 }))), "{refused:?}");
    app.act::<Counter>("b", count(1)).await.expect("the other stream is open");
    assert_eq!(app.load::<Counter>("a").await.expect("a state").version(), Version(3));
}

async fn a_pinned_version_that_is_gone_is_a_conflict_that_names_the_events(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Counter>("b", count(1)).await.expect("another stream");
    app.act::<Counter>("a", count(1)).expect(Version(0)).await.expect("at 0");
    app.act::<Counter>("a", Close {}).expect(Version(1)).actor("bob").await.expect("at 1");
    let refused = app.act::<Counter>("a", Open {}).expect(Version(1)).await;
    let Err(ActError::Conflict(conflict)) = refused else { panic!("{refused:?}") };
    assert_eq!(conflict.stream.as_str(), "Counter-a");
    assert_eq!((conflict.expected, conflict.actual), (Expected::Version(Version(1)), Version(3)));
    let between: Vec<_> = conflict.between.iter().map(|b| (&*b.name, b.version.0)).collect();
    assert_eq!(between, [("Counted", 2), ("Closed", 3)]);
    assert!(conflict.between.iter().all(|b| b.actor.as_deref() == Some("bob")));
    let beyond = app.act::<Counter>("a", Open {}).expect(Version(9)).await;
    assert!(matches!(beyond, Err(ActError::Conflict(_))), "{beyond:?}");
    assert_eq!(app.load::<Counter>("a").await.expect("a state").version(), Version(3));
}

async fn a_key_repeats_the_first_outcome(place: Place) {
    let app = start(place.open().await).await;
    let first = app.act::<Counter>("a", count(2)).key("k").await.expect("counted");
    app.act::<Counter>("a", Close {}).await.expect("closed");
    let again = app.act::<Counter>("a", count(2)).key("k").await.expect("the first outcome");
    assert!(again.repeated && !first.repeated);
    assert_eq!(
        (again.version, again.id, again.events, &again.stream),
        (first.version, first.id, first.events, &first.stream)
    );
    for refused in [
        app.act::<Counter>("a", count(3)).key("k").await,
        app.act::<Counter>("b", count(2)).key("k").await,
    ] {
        let reused =
            matches!(&refused, Err(ActError::Store(Error::KeyReused { key })) if key == "k");
        assert!(reused, "{refused:?}");
    }
    let other = start(place.open().await).await;
    assert!(other.act::<Counter>("a", count(2)).key("k").await.expect("after a restart").repeated);
    assert_eq!(folded(&app, "a").await, Counter { total: 3, closed: true });
    assert_eq!(folded(&app, "b").await, Counter::default());
}

async fn the_meta_data_tells_who_and_why(place: Place) {
    let app = start(place.open().await).await;
    let act = app.act::<Counter>("a", Close {}).actor("alice").correlation("c").key("k");
    act.await.expect("closed");
    app.act::<Counter>("b", count(1)).await.expect("counted");
    let events = app.history::<Counter>("a").expect("a stream").all().await.expect("events");
    for event in &events {
        let meta = &event.meta;
        let told = (meta.actor(), meta.correlation(), meta.causation(), meta.key());
        assert_eq!(told, (Some("alice"), Some("c"), Some("Close"), Some("k")));
    }
    assert!(matches!(events[1].data, CounterEvent::Closed(_)) && events.len() == 2);
    let bare = app.history::<Counter>("b").expect("a stream").all().await.expect("events");
    let meta = &bare[0].meta;
    assert_eq!((meta.actor(), meta.causation(), meta.key()), (None, Some("Count"), None));
    assert!(meta.correlation().is_some_and(|id| id != "c"));
}

async fn a_key_that_could_be_a_reactions_is_refused(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Counter>("b", count(1)).key("reactor/8/1/Payment").await.expect("another word");
    let guessed = "react/8/1/Payment";
    let Err(ActError::Store(error)) = app.act::<Counter>("a", count(1)).key(guessed).await else {
        panic!("a key of a reaction is taken from a caller")
    };
    assert!(matches!(&error, Error::ReservedKey { key } if key == guessed), "{error}");
    assert!(error.to_string().contains("use another"), "{error}");
    let input = r#"{"by":1}"#;
    let by_name = app.act_json("Counter", "a", "Count", input).key(guessed).await;
    assert!(matches!(by_name, Err(ActError::Store(Error::ReservedKey { .. }))), "{by_name:?}");
    assert_eq!(app.read(Query::all()).all().await.expect("events").len(), 1);
}

async fn what_is_not_registered_is_unknown(place: Place) {
    let app = App::new(place.open().await).start().await.expect("an empty app");
    let Err(ActError::Store(error)) = app.act::<Counter>("a", count(1)).await else {
        panic!("an aggregate that was not added acts")
    };
    assert!(matches!(error, Error::Unknown { what: "aggregate", .. }), "{error}");
    assert!(error.to_string().contains(".with::<Counter>()"), "{error}");
    let error = app.load::<Counter>("b").await.expect_err("unknown");
    assert!(error.to_string().contains(".with::<Counter>()"), "{error}");
    let error = app.view::<crate::counter::Totals>().await.expect_err("unknown");
    assert!(matches!(error, Error::Unknown { what: "projection", .. }), "{error}");
    assert!(error.to_string().contains(".project::<Totals>()"), "{error}");
}

async fn a_dropped_act_leaves_the_app_usable(place: Place) {
    let app = start(place.open().await).await;
    for round in 0..20 {
        for id in ["a", "b"] {
            app.act::<Counter>(id, count(1)).await.expect("counted");
            let mut act = app.act::<Counter>(id, count(100)).into_future();
            // Polled a few times at most, then dropped wherever it stands.
            for _ in 0..round % 4 {
                if act.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
    }
    for id in ["a", "b"] {
        app.act::<Counter>(id, count(1)).await.expect("usable");
        let state = app.load::<Counter>(id).await.expect("a state");
        assert_eq!(*state.state(), folded(&app, id).await);
        assert_eq!(state.total % 100, 21);
    }
}
