//! What the pages show of an app.

use actum::{inspector, prelude::*};

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
