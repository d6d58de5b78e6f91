//! What an operator does: verifying, building anew, retrying, skipping.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use actum::{
    Json, ParkedWhat,
    inspector::Inspector,
    prelude::*,
    store::{Document, ViewCommit, ViewId, Views},
};

use crate::{
    shop::{self, Cart, CheckOut},
    site::{Site, field, form_with, text_of},
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

/// A read model that cannot always be written.
#[derive(Default, serde::Deserialize)]
struct Moody {
    qty: u32,
}

static IS_MOODY: AtomicBool = AtomicBool::new(false);

impl serde::Serialize for Moody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(!IS_MOODY.load(SeqCst), "in a mood");
        serde::Serialize::serialize(&serde_json::json!({ "qty": self.qty }), serializer)
    }
}

#[projection]
impl Moody {
    fn item_added(&mut self, event: &Committed<shop::ItemAdded>) {
        self.qty += event.data.qty;
    }
}

#[tokio::test]
async fn a_check_that_panics_has_ended() {
    let app = App::new(Memory::new()).with::<Cart>().project::<Moody>().project::<shop::Demand>();
    let app = app.start().await.expect("an app");
    shop::fill(&app, "1").await;
    app.view::<Moody>().after(Id(2)).await.expect("a document");
    let site = Site::new(actum::inspector::router(app));
    IS_MOODY.store(true, SeqCst);
    send(&site, "/projections", "/verify", "value=\"Moody\"", &[]).await;
    until(&site, "/projections", "It cannot be verified: it panicked: in a mood").await;
    // Nothing is under way any more: others can be verified, and so can this one.
    send(&site, "/projections", "/verify", "value=\"Demand\"", &[]).await;
    until(&site, "/projections", "✓ Equal to the fold up to event").await;
    IS_MOODY.store(false, SeqCst);
    send(&site, "/projections", "/verify", "value=\"Moody\"", &[]).await;
    until(&site, "/projections", "✓ Equal to the fold up to event 3: 1 documents.").await;
}

#[tokio::test]
async fn who_has_not_shown_the_token_does_not_verify_where_there_is_one() {
    let (app, mut site) = site(Memory::new()).await;
    let fields = form_with(&site.page("/projections").await, "Verify");
    let fields: Vec<_> = fields.iter().map(|(one, other)| (one.as_str(), other.as_str())).collect();
    let cookie = site.cookie.take();
    let page = site.page("/projections").await;
    assert!(!page.contains("action=\"verify\""), "{page}");
    assert!(text_of(&page).contains("Unlock to verify it, or build it anew."), "{page}");
    // Not even with the token of a form, be it of a page that needs none.
    let locked = site.post("/verify", &fields).await;
    assert_eq!(locked.status, 403, "{}", locked.text);
    let own = field(&site.page("/unlock").await, "form");
    let unlock = [("form", own.as_str()), ("projection", "Demand")];
    assert_eq!(site.post("/verify", &unlock).await.status, 403);
    site.cookie = cookie;
    assert_eq!(site.post("/verify", &fields).await.status, 303);
    // Where there is no token, whoever sees the pages may; one at a time.
    let open = Site::new(actum::inspector::router(app));
    send(&open, "/projections", "/verify", "Verify", &[]).await;
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
