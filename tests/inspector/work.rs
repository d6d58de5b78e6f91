//! What an operator does: verifying, building anew, retrying, skipping.

use actum::{
    Json, ParkedWhat,
    inspector::Inspector,
    prelude::*,
    store::{Document, ViewCommit, ViewId, Views},
};

use crate::{
    shop::{self, Cart, CheckOut},
    site::{Site, form_with, text_of},
};

const TOKEN: &str = "a long secret of the test";

async fn site(store: Memory) -> (App, Site) {
    let app = shop::open(store).await;
    shop::fill(&app, "1").await;
    let inspector = Inspector::new(app.clone()).writable(TOKEN).expect("a long token");
    let mut site = Site::new(inspector.router());
    site.unlock(TOKEN).await;
    (app, site)
}

async fn send(site: &Site, page: &str, path: &str, with: &str, more: &[(&str, &str)]) -> String {
    let fields = form_with(&site.page(page).await, with);
    let mut fields: Vec<_> =
        fields.iter().map(|(one, other)| (one.as_str(), other.as_str())).collect();
    fields.extend(more);
    let answer = site.post(path, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.to().to_owned()
}

/// Looks at a page until it shows a text.
async fn until(site: &Site, path: &str, wanted: &str) -> String {
    for _ in 0..2000 {
        let text = text_of(&site.page(path).await);
        if text.contains(wanted) {
            return text;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("{path} never shows {wanted}: {}", text_of(&site.page(path).await));
}

#[tokio::test]
async fn verifying_finds_a_document_that_was_changed_and_building_anew_mends_it() {
    let store = Memory::new();
    let (app, site) = site(store.clone()).await;
    app.view::<shop::Demand>().key("rug").after(Id(3)).await.expect("a document");
    send(&site, "/projections", "/verify", "Verify", &[]).await;
    until(&site, "/projections", "✓ Equal to the fold up to event").await;

    let view = ViewId { name: "Demand".into(), version: 1 };
    let at = store.checkpoint(&view).await.expect("a checkpoint");
    let data = Some(Json::from_stored(&br#"{"qty":777}"#[..]));
    let documents = vec![Document { key: "rug".to_owned(), data }];
    let change = ViewCommit { view, from: at, to: at, documents, lease: None };
    store.commit(change).await.expect("changed behind its back");
    send(&site, "/projections", "/verify", "Verify", &[]).await;
    let text = until(&site, "/projections", "1 of 2 documents differ").await;
    assert!(text.contains("document rug at /qty") && text.contains("777"), "{text}");

    let to = send(&site, "/projections", "/reset", "Build Demand anew", &[]).await;
    assert!(text_of(&site.page(&format!("/{to}")).await).contains("Demand is being built anew."));
    until(&site, "/view?name=Demand", r#"rug{"qty":1}"#).await;
    let fields = form_with(&site.page("/projections").await, "Verify");
    let own = fields.iter().find(|(name, _)| name == "form").expect("a token");
    let unknown = site.post("/verify", &[("form", &own.1), ("projection", "Sales")]).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
}

#[tokio::test]
async fn a_parked_stream_is_shown_and_skipped() {
    let (app, site) = site(Memory::new()).await;
    let note = "stolen <b>goods</b>".to_owned();
    let done = app.act::<Cart>("1", CheckOut { note }).await.expect("checked out");
    app.settled::<shop::Bank>(done.id).await.expect("set aside");
    let text = until(&site, "/reactions", "1 parked").await;
    assert!(text.contains("the bank refuses: stolen <b>goods</b>"), "{text}");
    assert!(text.contains("CheckedOut at version 4, event 4"), "{text}");
    assert!(!site.page("/reactions").await.contains("<b>"));
    let parked = app.parked_by_name("Bank").await.expect("parked");
    assert!(matches!(&parked[..], [one] if matches!(one.what, ParkedWhat::Event { .. })));

    let bad = form_with(&site.page("/reactions").await, "Retry");
    let bad: Vec<_> = bad.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(site.post("/parked", &bad).await.status, 400);
    let to = send(&site, "/reactions", "/parked", "Retry", &[("do", "retry")]).await;
    assert!(text_of(&site.page(&format!("/{to}")).await).contains("Cart-1 is tried again."));
    until(&site, "/reactions", "2 attempts").await;
    send(&site, "/reactions", "/parked", "Skip", &[("do", "skip")]).await;
    until(&site, "/reactions", "Parked0").await;
    assert!(app.parked_by_name("Bank").await.expect("parked").is_empty());
    let unknown = app.parked_by_name("Post").await.expect_err("unknown");
    assert!(unknown.to_string().contains("it was built with Bank"), "{unknown}");
}
