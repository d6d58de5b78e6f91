//! What a person does: watching, travelling, acting.

use actum::{
    inspector::{self, Inspector},
    prelude::*,
};

use crate::{
    chromium::visit,
    shop::{self, AddItem, Cart},
};

async fn app() -> App {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    app
}

async fn add(app: &App, cart: &str, sku: &str) {
    let item = AddItem { sku: sku.to_owned(), qty: 1 };
    app.act::<Cart>(cart, item).await.expect("added");
}

const ROWS: &str = "document.querySelectorAll('.event').length";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_goes_on_while_it_is_looked_at() {
    let app = app().await;
    visit(inspector::router(app.clone()), async |browser| {
        browser.open("log").await;
        browser.until("document.querySelector('[data-status]').textContent === 'live'").await;
        add(&app, "2", "fresh").await;
        browser.until("document.querySelector('.event .where bdi').textContent === 'Cart-2'").await;
        browser.click("[data-pause]").await;
        add(&app, "3", "held back").await;
        browser
            .until("document.querySelector('[data-status]').textContent === 'paused, 1 new'")
            .await;
        assert_eq!(browser.ask(ROWS).await, 4);
        browser.click("[data-pause]").await;
        browser.until(&format!("{ROWS} === 5")).await;
        // The keys go down and up, and open.
        browser.press("jj").await;
        browser.until("document.activeElement.parentElement.id === 'e4'").await;
        browser.press("k").await;
        browser.until("document.activeElement.parentElement.id === 'e5'").await;
        browser.press("\u{e007}").await;
        browser.until("document.getElementById('e5').open").await;
        browser.until("document.querySelector('#e5 .json').innerText.includes('held back')").await;
        browser.press("/").await;
        browser.until("document.activeElement.name === 'name'").await;
        browser.press("ItemRemoved\u{e007}").await;
        browser.until(&format!("location.search.includes('ItemRemoved') && {ROWS} === 1")).await;
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}

const VERSION: &str = "document.querySelector('[data-travel] output').innerText";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slider_and_the_keys_travel_through_time() {
    visit(inspector::router(app().await), async |browser| {
        let at = async |version: u32| {
            browser.until(&format!("{VERSION} === 'version {version} of 3'")).await;
            let heading =
                format!("document.querySelector('#state').innerText.endsWith(' {version}')");
            browser.until(&heading).await;
            browser.until(&format!("location.search.includes('version={version}')")).await;
        };
        browser.open("stream?name=Cart-1&version=3").await;
        browser.until("document.querySelector('.state .del').innerText.includes('lamp')").await;
        browser.press("k").await;
        at(2).await;
        browser.until("document.querySelector('.state .add').innerText.includes('rug')").await;
        browser.press("\u{e012}").await; // to the left
        at(1).await;
        browser.press("\u{e014}").await; // to the right
        at(2).await;
        // The slider keeps the focus, so that it can be dragged on with the keys.
        browser.click("[data-travel] input[type=range]").await;
        browser.press("\u{e011}").await; // to the beginning
        at(0).await;
        browser.press("\u{e014}").await;
        at(1).await;
        browser.until("document.activeElement.type === 'range'").await;
        browser.click(".history li:last-child a").await;
        at(3).await;
        // Without the script it is the links and the button.
        browser
            .devtools("Emulation.setScriptExecutionDisabled", serde_json::json!({ "value": true }))
            .await;
        browser.open("stream?name=Cart-1&version=3").await;
        browser.click("[data-travel] a[rel=prev]").await;
        let here = browser.client.current_url().await.expect("an address");
        assert_eq!(here.query(), Some("name=Cart-1&version=2"));
        let shown = browser.client.find(fantoccini::Locator::Css("#state")).await.expect("a state");
        assert_eq!(shown.text().await.expect("text"), "State at version 2");
        let button = browser.client.find(fantoccini::Locator::Css("[data-travel] button")).await;
        assert!(button.expect("a button").is_displayed().await.expect("it tells"));
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_the_token_acts() {
    let app = app().await;
    let token = "a long secret of the test";
    let inspector = Inspector::new(app.clone()).writable(token).expect("a long token");
    visit(inspector.router(), async |browser| {
        browser.open("actions?stream=Cart-1").await;
        browser.click("main .hint a").await;
        browser.fill("#token", token).await;
        browser.press("\u{e007}").await;
        browser.until("location.search === '?stream=Cart-1'").await;
        browser.fill("#input-AddItem", r#"{"sku":"chair","qty":4}"#).await;
        browser.click("#input-AddItem ~ button").await;
        browser
            .until(
                "document.querySelector('.done')?.innerText === 'AddItem was stored as version 4.'",
            )
            .await;
        let cart = app.load::<Cart>("1").await.expect("a cart");
        assert_eq!((cart.version(), cart.items[1].qty), (Version(4), 4));
        // The cookie is out of reach for scripts.
        assert_eq!(browser.ask("document.cookie").await, "");
        browser.open("projections").await;
        browser.click("form[action=verify] button").await;
        browser.until("document.body.innerText.includes('Equal to the fold')").await;
        browser.open("unlock").await;
        browser.click("form[action=lock] button").await;
        browser.until("document.querySelector('.badge').innerText === 'locked'").await;
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}
