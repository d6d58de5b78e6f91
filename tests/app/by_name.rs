//! Aggregates by name and JSON, and the catalogue.

use actum::{AsOf, Error, Rejected, prelude::*};

use crate::{
    counter::{Counter, start},
    place::{Place, both},
};

both!(an_action_is_asked_by_name, the_model_lists_what_there_is);

async fn an_action_is_asked_by_name(place: Place) {
    let app = start(place.open().await).await;
    let done = app.act_json("Counter", "a", "Count", r#"{"by":2}"#).await.expect("counted");
    assert_eq!((done.version, done.events), (Version(1), 1));
    app.act_json("Counter", "b", "Count", r#"{"by":5}"#).await.expect("counted");
    app.act_json("Counter", "a", "Close", "{}").expect(Version(1)).await.expect("closed");
    assert_eq!(app.load::<Counter>("a").await.expect("a state").total, 3);

    let unknown = app.act_json("Cart", "a", "Count", "{}").await.expect_err("unknown");
    assert!(matches!(unknown, ActError::Store(Error::Unknown { what: "aggregate", .. })));
    assert!(unknown.to_string().contains("Counter"), "{unknown}");
    let unknown = app.act_json("Counter", "a", "Pay", "{}").await.expect_err("unknown");
    assert!(matches!(unknown, ActError::Store(Error::Unknown { what: "action", .. })));
    assert!(unknown.to_string().contains("Count, Close, Open"), "{unknown}");
    for bad in ["{", r#"{"by":"two"}"#, r"{}"] {
        let refused = app.act_json("Counter", "b", "Count", bad).await;
        assert!(matches!(refused, Err(ActError::Rejected(Rejected::Input(_)))), "{refused:?}");
    }
    let refused = app.act_json("Counter", "a", "Count", r#"{"by":1}"#).await;
    let Err(ActError::Rejected(Rejected::Domain(error))) = refused else { panic!("{refused:?}") };
    assert_eq!(error.to_string(), "the counter is closed at 3");

    let loaded = app.load_json("Counter", "a", None).await.expect("a state");
    assert_eq!(
        (loaded.version, loaded.state.as_str()),
        (Version(3), r#"{"total":3,"closed":true}"#)
    );
    let earlier = app.load_json("Counter", "a", Some(AsOf::Version(Version(1)))).await;
    assert_eq!(earlier.expect("a state").state.as_str(), r#"{"total":2,"closed":false}"#);
    let unknown = app.load_json("Cart", "a", None).await.expect_err("unknown");
    assert!(matches!(unknown, Error::Unknown { what: "aggregate", .. }), "{unknown}");
}

async fn the_model_lists_what_there_is(place: Place) {
    let app = start(place.open().await).await;
    let [counter] = &app.model().aggregates[..] else { panic!("one aggregate") };
    assert_eq!((counter.name, counter.snapshot_every), ("Counter", Some(10)));
    let actions: Vec<_> =
        counter.actions.iter().map(|one| (one.name, &one.emits[..], &one.given[..])).collect();
    let expected: [(&str, &[&str], &[&str]); 3] = [
        ("Count", &["Counted"], &["open"]),
        ("Close", &["Counted", "Closed"], &["open"]),
        ("Open", &["Opened"], &[]),
    ];
    assert_eq!(actions, expected);
    assert_eq!(counter.actions[0].docs, "Counts on; by nothing is nothing.");
    let given: Vec<_> = counter.given.iter().map(|one| (one.name, one.docs)).collect();
    assert_eq!(given, [("open", "It counts.")]);
    let takes: Vec<_> = app
        .model()
        .projections
        .iter()
        .map(|one| (one.name, one.takes.iter().map(|takes| takes.event).collect::<Vec<_>>()))
        .collect();
    assert_eq!(takes, [("Totals", vec!["Counted"]), ("Closings", vec!["Closed", "Counted"])]);
    assert_eq!(app.model().projections[0].takes[0].from, ["Counter"]);
}
