//! What the pages show of an app.

use std::sync::{Arc, OnceLock};

use actum::{
    Json, inspector,
    prelude::*,
    store::{Batch, Log, NewEvent, Pages, Store},
};
use actum_tests::faulty::{Faults, Faulty, Switches};
use futures_util::StreamExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    shop::{self, AddItem, Cart, CheckOut},
    site::{Site, text_of},
};

async fn site() -> (App, Site) {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let site = Site::new(inspector::router(app.clone()));
    (app, site)
}

#[tokio::test]
async fn time_travel_shows_the_state_and_what_changed() {
    let (_, site) = site().await;
    let page =
        async |version: u64| site.page(&format!("/stream?name=Cart-1&version={version}")).await;
    let latest = site.page("/stream?name=Cart-1").await;
    assert!(text_of(&latest).contains("version 3 of 3"), "{latest}");
    assert!(
        text_of(&latest).contains(r#"−items/0 {"sku":"lamp","qty":2}"#),
        "{}",
        text_of(&latest)
    );
    assert!(!latest.contains("rel=\"next\"") && latest.contains("rel=\"prev\""));
    let first = text_of(&page(1).await);
    assert!(first.contains(r#"+items/0 {"sku":"lamp","qty":2}"#), "{first}");
    let none = page(0).await;
    assert!(text_of(&none).contains("Before the first event."), "{none}");
    assert!(!none.contains("rel=\"prev\"") && none.contains("rel=\"next\""));
    assert!(text_of(&page(99).await).contains("version 3 of 3"));
    // What a slider without script asks for.
    assert!(latest.contains(r#"<input type="range" name="version" min="0" max="3" value="3""#));
}

#[tokio::test]
async fn each_step_is_what_folding_up_to_it_gives() {
    let (app, _) = site().await;
    for version in 1..=3 {
        let (before, now) = app.step_json("Cart", "1", Version(version)).await.expect("a step");
        for (state, at) in [(before, version - 1), (now, version)] {
            let cart = app.load::<Cart>("1").as_of(Version(at)).await.expect("a cart");
            assert_eq!(state.version, Version(at));
            assert_eq!(state.state.as_str(), serde_json::to_string(cart.state()).expect("JSON"));
        }
    }
}

/// A log that can be put in place of another.
#[derive(Default)]
struct Replaced(OnceLock<Memory>);

impl Faults for Replaced {
    fn read(self: Arc<Self>, inner: &dyn Store, query: Query) -> Pages {
        match self.0.get() {
            Some(other) => other.read(query),
            None => inner.read(query),
        }
    }
}

/// A shop with a cart of so many versions.
async fn long_cart<F: Faults + Default>(versions: u32) -> (App, Faulty<F>) {
    let store = Memory::new();
    let events = (0..versions).map(|qty| {
        let item = shop::ItemAdded { sku: format!("S{}", qty % 7), qty };
        NewEvent::new("ItemAdded", Json::from_value(&item).expect("JSON"))
    });
    let stream = StreamId::new("Cart", "long").expect("a stream");
    store.append(Batch::new(stream, Expected::Empty, events.collect())).await.expect("stored");
    let faulty = Faulty::<F>::new(store);
    (App::new(faulty.clone()).with::<Cart>().start().await.expect("an app"), faulty)
}

#[tokio::test]
async fn the_states_of_a_long_stream_are_found_from_those_that_were_seen() {
    const LAST: u64 = 20_000;
    let (app, faulty) = long_cart::<Switches>(20_000).await;
    let mut versions = vec![LAST, LAST - 1, LAST, 0, 1, 2, 3, 10_000, 9_999, 9_998, 512, 513];
    versions.extend((0..40).map(|step| step * 7919 % LAST));
    for version in versions {
        let before = faulty.faults.events();
        let (old, now) = app.step_json("Cart", "long", Version(version)).await.expect("a step");
        for (state, at) in [(old, version.saturating_sub(1)), (now, version)] {
            let cart: Value = serde_json::from_str(state.state.as_str()).expect("JSON");
            let items = cart["items"].as_array().expect("items");
            assert_eq!((state.version, items.len() as u64), (Version(at), at));
            assert!(items.last().is_none_or(|last| last["qty"] == at - 1), "{at}");
        }
        let read = faulty.faults.events() - before;
        // The whole stream is folded once; from then on only from the nearest state that was kept.
        assert!(before == 0 || read <= LAST / 8, "{read} events were read for version {version}");
    }
}

#[tokio::test]
async fn the_states_of_another_log_are_not_followed() {
    let (app, faulty) = long_cart::<Replaced>(3).await;
    let (_, three) = app.step_json("Cart", "long", Version(3)).await.expect("a step");
    assert!(three.state.as_str().contains(r#""sku":"S2""#));
    // An older log lies under the app, in which something else happened.
    let other = Memory::new();
    for (stream, skus) in [("Cart-1", &["A"][..]), ("Cart-long", &["B", "C", "D", "E"])] {
        let item = |sku: &&str| shop::ItemAdded { sku: (*sku).to_owned(), qty: 1 };
        let data = |sku| Json::from_value(&item(sku)).expect("JSON");
        let events = skus.iter().map(|sku| NewEvent::new("ItemAdded", data(sku))).collect();
        let stream = stream.parse().expect("a stream");
        other.append(Batch::new(stream, Expected::Empty, events)).await.expect("stored");
    }
    faulty.faults.0.set(other).expect("set once");
    let (three, four) = app.step_json("Cart", "long", Version(4)).await.expect("a step");
    let of = |sku: &&str| format!(r#"{{"sku":"{sku}","qty":1}}"#);
    for (state, skus) in [(three, &["B", "C", "D"][..]), (four, &["B", "C", "D", "E"])] {
        let items = skus.iter().map(of).collect::<Vec<_>>().join(",");
        assert_eq!(state.state.as_str(), format!(r#"{{"items":[{items}],"checked_out":false}}"#));
    }
}

#[tokio::test]
async fn a_page_comes_before_the_state_that_takes_longer() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let router: axum::Router = inspector::router(app.clone());
    for path in ["/stream?name=Cart-1&version=2", "/actions?stream=Cart-1"] {
        let request = axum::http::Request::get(path).header("host", "localhost");
        let request = request.body(axum::body::Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("an answer");
        let mut parts = answer.into_body().into_data_stream();
        let first = parts.next().await.expect("a part").expect("bytes");
        let first = String::from_utf8(first.to_vec()).expect("UTF-8");
        assert!(first.contains("<h1>") && !first.contains("class=\"json\""), "{first}");
        let rest = parts.next().await.expect("a part").expect("bytes");
        let rest = String::from_utf8(rest.to_vec()).expect("UTF-8");
        assert!(rest.contains("class=\"json\"") && rest.ends_with("</html>"), "{rest}");
        assert!(parts.next().await.is_none() && !rest.contains("<!--") && !first.contains("<!--"));
    }
}

#[tokio::test]
async fn preconditions_are_evaluated_on_the_state_of_now() {
    let (app, site) = site().await;
    let page = text_of(&site.page("/actions?stream=Cart-1").await);
    assert!(page.contains("AddItempossible") && page.contains("✓ open The cart"), "{page}");
    app.act::<Cart>("1", CheckOut { note: "stolen".to_owned() }).await.expect("checked out");
    let page = text_of(&site.page("/actions?aggregate=Cart&id=1").await);
    assert!(page.contains("AddItemnot now"), "{page}");
    assert!(page.contains("✗ open the cart is not checked out"), "{page}");
    assert!(page.contains("Chargepossible"), "{page}");
    let possible = app.possible("Cart", "1").await.expect("possible");
    let model = &app.model().aggregates[0];
    let open: Vec<_> = model
        .actions
        .iter()
        .filter(|action| possible.unmet(action).next().is_none())
        .map(|action| action.name)
        .collect();
    assert_eq!((open, possible.version), (vec!["Charge"], Version(4)));
}

#[tokio::test]
async fn a_correlation_is_a_tree_of_causes() {
    let (app, site) = site().await;
    let out = CheckOut { note: "gift".to_owned() };
    let done = app.act::<Cart>("1", out).correlation("the gift").await.expect("checked out");
    app.settled::<shop::Bank>(done.id).await.expect("settled");
    let page = site.page("/correlation?of=the%20gift").await;
    let text = text_of(&page);
    assert!(text.contains("2 events in 1 stream"), "{text}");
    let (cause, effect) = (text.find("CheckedOutCart-1"), text.find("ChargedCart-1 by Charge"));
    assert!(cause.is_some() && cause < effect, "{text}");
    let indents = page
        .split("class=\"indent\">")
        .skip(1)
        .map(|rest| rest.split("</span>").next().unwrap_or_default().matches("<i>").count());
    let indents: Vec<_> = indents.collect();
    assert_eq!(indents, [0, 1]);
}

#[tokio::test]
async fn the_model_links_to_what_happened() {
    let (_, site) = site().await;
    let page = site.page("/model").await;
    let text = text_of(&page);
    for part in ["AddItem", "The cart is not checked out.", "Demand", "Bank", "Cart.Charge"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.contains("href=\"log?name=CheckedOut\""), "{page}");
    let (_, board) = page.split_once("<svg").expect("a board");
    let board = board.split("</svg>").next().unwrap_or_default();
    assert!(board.contains("href=\"#a-Cart\"") && board.contains("href=\"projections#p-Demand\""));
    assert!(!board.contains("<style"), "{board}");
    assert!(page.contains("href=\"log?category=Cart\""), "{page}");
}

#[tokio::test]
async fn documents_are_shown_by_key() {
    let (app, site) = site().await;
    let rug = AddItem { sku: "rug".to_owned(), qty: 5 };
    let done = app.act::<Cart>("2", rug).await.expect("added");
    app.view::<shop::Demand>().key("rug").after(done.id).await.expect("a document");
    let text = text_of(&site.page("/view?name=Demand").await);
    assert!(text.contains(r#"lamp{"qty":2}"#) && text.contains(r#"rug{"qty":6}"#), "{text}");
    let text = text_of(&site.page("/view?name=Demand&prefix=r").await);
    assert!(!text.contains("lamp") && text.contains("rug"), "{text}");
    let text = text_of(&site.page("/view?name=Demand&after=lamp").await);
    assert!(!text.contains("lamp") && text.contains("rug"), "{text}");
    let text = text_of(&site.page("/view?name=Nothing").await);
    assert!(text.contains("No document is stored here."), "{text}");
}
