//! Every reader decodes on one way: each shows the same of payloads of all three versions.

use std::sync::{Arc, atomic::AtomicBool};

use actum::{Error, prelude::*, store::Store};

use crate::{
    domain::{
        AddItem, ByWeight, CART, Cart, CartEvent, ItemAdded, Items, Scale, Weigher, fill, put,
        shown, stream,
    },
    place::{Place, everywhere, until},
};

everywhere!(
    loads_and_histories_read_every_version,
    a_snapshot_and_a_tail_of_other_versions_give_one_state,
    projections_read_every_version,
    reactions_and_parked_retries_read_every_version,
    queries_and_subscriptions_read_every_version,
    callers_without_types_see_every_version_upcast,
    an_unknown_version_ends_a_load_with_where_it_is_and_what_to_do,
    an_unknown_version_stops_a_projection_and_is_not_guessed,
    an_unknown_version_is_parked_by_a_reaction,
);

fn build(store: Arc<dyn Store>, works: bool) -> (actum::Builder, Arc<AtomicBool>) {
    let works = Arc::new(AtomicBool::new(works));
    let weigher = Weigher { works: Arc::clone(&works) };
    (App::new(store).with::<Cart>().with::<Scale>().react(weigher), works)
}

async fn plain(store: Arc<dyn Store>) -> App {
    App::new(store).with::<Cart>().start().await.expect("it starts")
}

async fn loads_and_histories_read_every_version(at: Place) {
    let store = at.open().await;
    let head = fill(&*store).await;
    let app = plain(store).await;
    for cart in ["a", "b"] {
        assert_eq!(app.load::<Cart>(cart).await.expect("a cart").items, CART);
        for version in 0..=3 {
            let then = app.load::<Cart>(cart).as_of(Version(version)).await.expect("a cart");
            let many = usize::try_from(version).expect("few");
            assert_eq!(then.items, CART[..many]);
        }
        let by_id = app.load::<Cart>(cart).as_of(head).await.expect("a cart");
        assert_eq!(by_id.items, CART);
        let history = app.history::<Cart>(cart).expect("a name").all().await.expect("read");
        let items: Vec<_> = history
            .iter()
            .map(|event| match &event.data {
                CartEvent::ItemAdded(added) => shown(added),
            })
            .collect();
        assert_eq!(items, CART);
        assert_eq!(history.iter().map(|event| event.schema).collect::<Vec<_>>(), [1, 2, 3]);
    }
    // What is decided on the state is stored in the newest form.
    let add = AddItem { sku: "four".to_owned(), grams: 4 };
    app.act::<Cart>("a", add).await.expect("added");
    let last = app.read(Query::stream(stream("Cart-a")).backward().limit(1)).all().await;
    assert_eq!(last.expect("read")[0].schema, 3);
}

async fn a_snapshot_and_a_tail_of_other_versions_give_one_state(at: Place) {
    let store = at.open().await;
    put(&*store, "Cart-a", 1, r#"{"sku":"one"}"#).await;
    let app = plain(Arc::clone(&store)).await;
    assert_eq!(app.snapshot::<Cart>("a").await.expect("a snapshot"), Version(1));
    put(&*store, "Cart-a", 2, r#"{"sku":"two","qty":2}"#).await;
    put(&*store, "Cart-a", 1, r#"{"sku":"late"}"#).await;
    // Another app has nothing in memory: it begins with the snapshot.
    let app = plain(store).await;
    assert_eq!(
        app.load::<Cart>("a").await.expect("a cart").items,
        ["one:100", "two:200", "late:100"]
    );
}

async fn projections_read_every_version(at: Place) {
    let store = at.open().await;
    let head = fill(&*store).await;
    let builder = App::new(store).with::<Cart>().project::<Items>().project::<ByWeight>();
    let app = builder.start().await.expect("it starts");
    let items = app.view::<Items>().after(head).await.expect("a view");
    assert_eq!(items.items, [CART, CART].concat());
    for (weight, item) in [(100, "one:100"), (200, "two:200"), (7, "three:7")] {
        let of_weight = app.view::<ByWeight>().key(weight).after(head).await.expect("a view");
        assert_eq!(of_weight.expect("a document").items, [item, item]);
    }
    assert!(app.verify::<Items>().await.expect("verified").is_equal());
}

async fn reactions_and_parked_retries_read_every_version(at: Place) {
    let store = at.open().await;
    let head = fill(&*store).await;
    let (builder, works) = build(store, false);
    let app = builder.start().await.expect("it starts");
    app.settled::<Weigher>(head).await.expect("set aside");
    assert_eq!(app.parked::<Weigher>().await.expect("parked").len(), 2);
    works.store(true, std::sync::atomic::Ordering::SeqCst);
    for cart in ["a", "b"] {
        let parked = stream(&format!("Cart-{cart}"));
        app.parked::<Weigher>().retry(&parked).await.expect("asked");
        let weighed = async || app.load::<Scale>(cart).await.expect("a scale").weighed.clone();
        until("all is weighed", async || weighed().await == CART).await;
    }
    // And those that were never parked.
    put(&**app.store(), "Cart-c", 1, r#"{"sku":"one"}"#).await;
    let last = put(&**app.store(), "Cart-c", 2, r#"{"sku":"two","qty":2}"#).await;
    app.settled::<Weigher>(last).await.expect("settled");
    assert_eq!(app.load::<Scale>("c").await.expect("a scale").weighed, CART[..2]);
}

async fn queries_and_subscriptions_read_every_version(at: Place) {
    let store = at.open().await;
    fill(&*store).await;
    let app = plain(store).await;
    let query = || Query::stream(stream("Cart-b"));
    let events = app.read(query()).all().await.expect("read");
    let one_by_one = events.into_iter().map(|event| event.decode::<ItemAdded>().expect("decoded"));
    assert_eq!(one_by_one.map(|event| shown(&event.data)).collect::<Vec<_>>(), CART);
    let mut live = app.subscribe(query(), Id(0)).expect("subscribed").decode_any::<CartEvent>();
    for item in CART {
        let event = live.next().await.expect("an event").expect("decoded");
        let CartEvent::ItemAdded(added) = event.data;
        assert_eq!(shown(&added), item);
    }
}

async fn callers_without_types_see_every_version_upcast(at: Place) {
    let store = at.open().await;
    fill(&*store).await;
    let app = plain(store).await;
    let loaded = app.load_json("Cart", "a", None).await.expect("a cart");
    assert_eq!(loaded.state.as_str(), r#"{"items":["one:100","two:200","three:7"]}"#);
    let (before, now) = app.step_json("Cart", "a", Version(2)).await.expect("a step");
    assert_eq!(before.state.as_str(), r#"{"items":["one:100"]}"#);
    assert_eq!(now.state.as_str(), r#"{"items":["one:100","two:200"]}"#);
}

/// Everything that an error says.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

async fn an_unknown_version_ends_a_load_with_where_it_is_and_what_to_do(at: Place) {
    let store = at.open().await;
    fill(&*store).await;
    // It would fit the newest form, and any other: it is not read as one.
    let id = put(&*store, "Cart-a", 4, r#"{"sku":"four","grams":4,"qty":4}"#).await;
    let app = plain(store).await;
    let error = app.load::<Cart>("a").await.expect_err("it cannot be read");
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    assert_eq!(
        told(&error),
        format!(
            "cannot read event {id}, version 4 of `Cart-a`: `ItemAdded` is stored with version 4 \
             of its schema, and this program knows 1 to 3; a newer program has written it: run \
             that one, or add the event types up to 4"
        )
    );
    // An action decides on nothing less than the whole state.
    let add = AddItem { sku: "five".to_owned(), grams: 5 };
    assert!(app.act::<Cart>("a", add).await.is_err());
    assert_eq!(app.load::<Cart>("b").await.expect("the other cart").items, CART);
    assert_eq!(app.load::<Cart>("a").as_of(Version(3)).await.expect("before it").items, CART);
}

async fn an_unknown_version_stops_a_projection_and_is_not_guessed(at: Place) {
    let store = at.open().await;
    let good = fill(&*store).await;
    let id = put(&*store, "Cart-a", 9, r#"{"sku":"nine","grams":9}"#).await;
    let app = App::new(store).with::<Cart>().project::<Items>().start().await.expect("it starts");
    let error = app.view::<Items>().after(id).await.err().expect("it has stopped");
    let text = told(&error);
    assert!(text.contains(&format!("event {id}")) && text.contains("run that one"), "{text}");
    let Error::ProjectionStopped { at, .. } = error else { panic!("{text}") };
    assert!(at <= good, "the checkpoint stays before it");
    assert!(!app.health().await.expect("health").is_well());
}

async fn an_unknown_version_is_parked_by_a_reaction(at: Place) {
    let store = at.open().await;
    let (builder, _) = build(store, true);
    let app = builder.start().await.expect("it starts");
    put(&**app.store(), "Cart-a", 9, r#"{"sku":"nine","grams":9}"#).await;
    let last = put(&**app.store(), "Cart-b", 1, r#"{"sku":"one"}"#).await;
    app.settled::<Weigher>(last).await.expect("settled");
    let parked = app.parked::<Weigher>().await.expect("parked");
    assert_eq!(parked[0].stream.as_str(), "Cart-a");
    assert!(parked[0].error.contains("run that one"), "{parked:?}");
    assert_eq!(app.load::<Scale>("b").await.expect("a scale").weighed, ["one:100"]);
}
