//! Invariants are checked before each append where an app was built so, and nowhere else.

use std::convert::Infallible;

use actum::{Error, Rejected, prelude::*, store::Store};
use serde::{Deserialize, Serialize};

use crate::place::{Place, both};

both!(
    what_would_break_an_invariant_is_refused,
    an_unchecked_app_stores_it,
    a_refusal_on_an_old_state_is_decided_again,
    callers_without_types_are_refused_too,
    a_refused_request_leaves_its_key_free,
);

#[derive(Event, Serialize, Deserialize)]
struct Put {
    grams: i64,
}

#[derive(Events)]
enum ParcelEvent {
    Put(Put),
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = ParcelEvent)]
struct Parcel {
    grams: i64,
    things: u32,
}

#[patch]
impl Parcel {
    fn put(&mut self, event: Put) {
        self.grams += event.grams;
        self.things += 1;
    }
}

#[derive(Serialize, Deserialize)]
struct PutIn {
    grams: Vec<i64>,
}

#[action]
impl Parcel {
    fn put_in(&self, PutIn { grams }: PutIn) -> Result<Vec<Put>, Infallible> {
        Ok(grams.into_iter().map(|grams| Put { grams }).collect())
    }
}

#[invariant]
impl Parcel {
    fn weighs_something(&self) -> Result<(), String> {
        if self.grams < 0 { Err(format!("it weighs {} g", self.grams)) } else { Ok(()) }
    }
    /// The post takes no more.
    fn is_light(&self) -> Result<(), String> {
        if self.grams > 100 { Err(format!("it weighs {} g", self.grams)) } else { Ok(()) }
    }
}

fn put(grams: &[i64]) -> PutIn {
    PutIn { grams: grams.to_vec() }
}

async fn checked(store: impl Store) -> App {
    App::new(store).with_checked::<Parcel>().start().await.expect("an app")
}

async fn state(app: &App, id: &str) -> (Parcel, Version) {
    let loaded = app.load::<Parcel>(id).await.expect("a state");
    (loaded.state().clone(), loaded.version())
}

async fn what_would_break_an_invariant_is_refused(place: Place) {
    let app = checked(place.open().await).await;
    app.act::<Parcel>("a", put(&[90])).await.expect("it fits");
    app.act::<Parcel>("b", put(&[10])).await.expect("it fits");
    let before = app.store().head().await.expect("a head");

    let heavy = app.act::<Parcel>("a", put(&[5, 6])).await.expect_err("too heavy");
    let ActError::Store(Error::InvariantBroken { stream, action, invariant, why }) = &heavy else {
        panic!("{heavy:?}")
    };
    assert_eq!((stream.as_str(), action.as_str()), ("Parcel-a", "PutIn"));
    assert_eq!((*invariant, why.as_str()), ("is_light", "it weighs 101 g"));
    let text = "`PutIn` would break the invariant `is_light` of `Parcel-a`: it weighs 101 g; \
                nothing was stored; let the action refuse what leads there";
    assert_eq!(heavy.to_string(), text);
    let light = app.act::<Parcel>("b", put(&[-11])).await.expect_err("too light");
    assert!(light.to_string().contains("`weighs_something` of `Parcel-b`"), "{light}");

    assert_eq!(app.store().head().await.expect("a head"), before);
    assert_eq!(state(&app, "a").await, (Parcel { grams: 90, things: 1 }, Version(1)));
    let done = app.act::<Parcel>("a", put(&[4, 6])).await.expect("the state is as it was");
    assert_eq!(done.version, Version(3));
    assert_eq!(state(&app, "a").await, (Parcel { grams: 100, things: 3 }, Version(3)));
    app.act::<Parcel>("b", put(&[])).await.expect("no events, no check");
}

async fn an_unchecked_app_stores_it(place: Place) {
    let app = App::new(place.open().await).with::<Parcel>().start().await.expect("an app");
    for id in ["a", "b"] {
        app.act::<Parcel>(id, put(&[101])).await.expect("nothing is checked");
        assert_eq!(state(&app, id).await.1, Version(1));
    }
}

async fn a_refusal_on_an_old_state_is_decided_again(place: Place) {
    let (one, other) = (checked(place.open().await).await, checked(place.open().await).await);
    for id in ["a", "b"] {
        one.act::<Parcel>(id, put(&[90])).await.expect("it fits");
        other.act::<Parcel>(id, put(&[-80])).await.expect("it fits");
        one.act::<Parcel>(id, put(&[80])).await.expect("there is room by now");
        assert_eq!(state(&other, id).await.0.grams, 90);
    }
}

async fn callers_without_types_are_refused_too(place: Place) {
    let app = checked(place.open().await).await;
    for id in ["a", "b"] {
        app.act_json("Parcel", id, "PutIn", r#"{"grams":[100]}"#).await.expect("it fits");
        let refused = app.act_json("Parcel", id, "PutIn", r#"{"grams":[1]}"#).await;
        let Err(ActError::<Rejected>::Store(Error::InvariantBroken { invariant, .. })) = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(invariant, "is_light");
    }
}

async fn a_refused_request_leaves_its_key_free(place: Place) {
    let app = checked(place.open().await).await;
    app.act::<Parcel>("b", put(&[1])).key("k").await.expect("it fits");
    app.act::<Parcel>("a", put(&[101])).key("k-2").await.expect_err("too heavy");
    let done = app.act::<Parcel>("a", put(&[1])).key("k-2").await.expect("the key is free");
    assert!(!done.repeated);
}
