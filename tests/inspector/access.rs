//! Who may change something.

use actum::{
    inspector::{self, Inspector, WeakToken},
    prelude::*,
};
use axum::http::header;

use crate::{
    shop,
    site::{Site, field, form, form_with, text_of},
};

const TOKEN: &str = "a long secret of the test";

async fn site() -> (App, Site) {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let inspector = Inspector::new(app.clone()).writable(TOKEN).expect("a long token");
    (app, Site::new(inspector.router()))
}

/// The fields that ask `AddItem` of the cart, as shown to someone who may.
async fn add_form(site: &Site) -> Vec<(String, String)> {
    form_with(&site.page("/actions?stream=Cart-1").await, "Ask AddItem")
}

fn with<'a>(
    fields: &'a [(String, String)],
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let is_given = |name: &str| more.iter().any(|(given, _)| *given == name);
    fields.filter(|(name, _)| !is_given(name)).chain(more.iter().copied()).collect()
}

const INPUT: (&str, &str) = ("input", r#"{"sku":"chair","qty":4}"#);

#[tokio::test]
async fn without_a_token_nothing_can_be_changed() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let site = Site::new(inspector::router(app.clone()));
    let page = site.page("/actions?stream=Cart-1").await;
    assert!(!page.contains("action=\"act\""), "{page}");
    let own = field(&site.page("/projections").await, "form");
    for (path, fields) in [
        ("/act", vec![("stream", "Cart-1"), ("action", "AddItem"), ("version", "3"), INPUT]),
        ("/reset", vec![("projection", "Demand")]),
        ("/parked", vec![("reaction", "Bank"), ("stream", "Cart-1"), ("do", "skip")]),
        ("/unlock", vec![("token", "")]),
    ] {
        let fields: Vec<_> = fields.into_iter().chain([("form", own.as_str())]).collect();
        let answer = site.post(path, &fields).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        assert!(answer.text.contains("read-only"), "{path}: {}", answer.text);
    }
    assert_eq!(app.load::<shop::Cart>("1").await.expect("a cart").version(), Version(3));
}

#[tokio::test]
async fn a_token_that_could_be_guessed_is_refused() {
    let app = shop::open(Memory::new()).await;
    let weak = Inspector::new(app).writable("hunter2").expect_err("weak");
    assert_eq!(weak, WeakToken { len: 7 });
    assert_eq!(
        weak.to_string(),
        "the inspector's token has 7 bytes; take a random one of at least 16"
    );
}

#[tokio::test]
async fn the_token_opens_a_session_in_a_strict_cookie() {
    let (_, mut site) = site().await;
    let own = field(&site.page("/unlock").await, "form");
    for wrong in ["", "a long secret of the tes", "a long secret of the test!", "\u{0}"] {
        let answer = site.post("/unlock", &[("form", &own), ("token", wrong)]).await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let fields = [("form", own.as_str()), ("token", TOKEN), ("back", "stream?name=Cart-1")];
    let answer = site.post("/unlock", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.to()), (303, "stream?name=Cart-1"));
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN), "{cookie}");
    assert!(site.page("/log").await.contains("locked"));
    site.unlock(TOKEN).await;
    assert!(site.page("/log").await.contains("unlocked"));
    site.cookie = Some("actum_inspector=0000".to_owned());
    assert!(!site.page("/log").await.contains("unlocked"));
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let (_, site) = site().await;
    let own = field(&site.page("/unlock").await, "form");
    for back in
        ["https://evil.example", "//evil.example", "/etc", "log\r\nx: y", "javascript:1", ""]
    {
        let fields = [("form", own.as_str()), ("token", TOKEN), ("back", back)];
        assert_eq!(site.post("/unlock", &fields).await.to(), "log", "{back}");
    }
}

#[tokio::test]
async fn an_action_is_asked_from_its_own_form() {
    let (app, mut site) = site().await;
    site.unlock(TOKEN).await;
    let fields = add_form(&site).await;
    let answer = site.post("/act", &with(&fields, &[INPUT, ("actor", "carol")])).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(site.page(&format!("/{}", answer.to())).await.contains("stored as version 4"));
    // The same form once more acts no second time.
    let again = site.post("/act", &with(&fields, &[INPUT, ("actor", "carol")])).await;
    assert_eq!(again.status, 303, "{}", again.text);
    let history =
        app.read(Query::stream(StreamId::new("Cart", "1").expect("a stream"))).all().await;
    let history = history.expect("the history");
    assert_eq!(history.len(), 4);
    assert_eq!(history[3].meta.actor(), Some("carol"));
}

#[tokio::test]
async fn a_form_begins_with_a_sketch_of_the_input() {
    let (_, mut site) = site().await;
    site.unlock(TOKEN).await;
    let text = text_of(&site.page("/actions?stream=Cart-1").await);
    assert!(text.contains("{\n  \"sku\": \"\",\n  \"qty\": 0\n}"), "{text}");
    assert!(text.contains("{\n  \"note\": \"\"\n}"), "{text}");
    // As it stands it fits the action.
    let fields = add_form(&site).await;
    let answer = site.post("/act", &with(&fields, &[("input", r#"{"sku":"","qty":0}"#)])).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_refused() {
    let (app, mut site) = site().await;
    site.unlock(TOKEN).await;
    let fields = add_form(&site).await;
    let whole = with(&fields, &[INPUT]);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:81"),
        ("origin", "http://localhost.evil.example"),
    ] {
        let request = site.request("POST", "/act").header(name, value);
        assert_eq!(site.send(form(request, &whole)).await.status, 403, "{name}: {value}");
    }
    // Without the form's own token, with that of another form, of another session, or a made one.
    let other_form = field(&site.page("/projections").await, "form");
    let mut other = Site::new(Inspector::new(app.clone()).writable(TOKEN).expect("long").router());
    other.unlock(TOKEN).await;
    let other_session = field(&other.page("/actions?stream=Cart-1").await, "form");
    for token in ["", "0", &"0".repeat(64), &other_form, &other_session, "\u{1f9ea}"] {
        let answer = site.post("/act", &with(&fields, &[INPUT, ("form", token)])).await;
        assert_eq!(answer.status, 403, "{token}");
    }
    // With the form's token, but without the session.
    let cookie = site.cookie.take();
    assert_eq!(site.post("/act", &whole).await.status, 403);
    assert_eq!(app.load::<shop::Cart>("1").await.expect("a cart").version(), Version(3));
    // A program that is no browser says nothing about where it comes from.
    site.cookie = cookie;
    let plain = site.request("POST", "/act");
    assert_eq!(site.send(form(plain, &whole)).await.status, 303);
}

#[tokio::test]
async fn locking_ends_the_session() {
    let (app, mut site) = site().await;
    site.unlock(TOKEN).await;
    let fields = add_form(&site).await;
    let own = field(&site.page("/unlock").await, "form");
    let answer = site.post("/lock", &[("form", &own)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    // Not only does the browser forget the cookie: it opens nothing any more.
    assert_eq!(site.post("/act", &with(&fields, &[INPUT])).await.status, 403);
    assert_eq!(app.load::<shop::Cart>("1").await.expect("a cart").version(), Version(3));
}

#[tokio::test]
async fn the_action_sees_the_version_that_the_form_was_shown_for() {
    let (app, mut site) = site().await;
    site.unlock(TOKEN).await;
    let fields = add_form(&site).await;
    let more = shop::AddItem { sku: "shelf".to_owned(), qty: 1 };
    app.act::<shop::Cart>("1", more).await.expect("added");
    let answer = site.post("/act", &with(&fields, &[INPUT])).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    for (input, text) in [("{", "EOF"), (r#"{"sku":"a"}"#, "missing field `qty`")] {
        let fields = add_form(&site).await;
        let answer = site.post("/act", &with(&fields, &[("input", input)])).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains(text), "{}", answer.text);
    }
    let fields = add_form(&site).await;
    let answer = site.post("/act", &with(&fields, &[INPUT, ("action", "Fly")])).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let out = shop::CheckOut { note: "stolen".to_owned() };
    app.act::<shop::Cart>("1", out).await.expect("checked out");
    let fields = add_form(&site).await;
    let answer = site.post("/act", &with(&fields, &[INPUT])).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.text.contains("the cart is not checked out"), "{}", answer.text);
}
