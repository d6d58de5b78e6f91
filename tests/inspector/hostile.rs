//! Names, payloads and headers that want to break out.

use actum::{
    Json, Meta, MetaFields, inspector,
    prelude::*,
    store::{Batch, Log, NewEvent},
};
use axum::body::Body;

use crate::{
    shop,
    site::{Site, links, unescape},
};

const TEXTS: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "..",
    "../../etc/passwd",
    "a/b?c=d&e=f#g",
    "%2e%2e%2f%00",
    " spaces around ",
    "\u{202e}backwards\u{2066}",
    "</pre></main><h1>mine</h1>",
    "]]><!-- \u{1f9ea} ünï",
];

async fn filled(store: &Memory) {
    for text in TEXTS {
        let meta = Meta::new(MetaFields {
            actor: Some(text.to_owned()),
            correlation: Some(text.to_owned()),
            causation: Some(text.to_owned()),
            key: Some(text.to_owned()),
            ..MetaFields::default()
        })
        .expect("meta data");
        let stream = |category| StreamId::new(category, text).expect("a stream");
        let event = |name: String, data: String| NewEvent {
            name: name.into(),
            schema: 1,
            data: Json::from_text(data).expect("JSON"),
            meta: meta.clone(),
            created: Timestamp::now(),
        };
        let sku = serde_json::to_string(text).expect("JSON");
        // The shop knows its own events only.
        let odd = format!(r#"{{{sku}:[{sku},{{{sku}:{sku}}}]}}"#);
        for (category, name, data) in
            [("Cart", "ItemAdded", format!(r#"{{"sku":{sku},"qty":1}}"#)), ("Odd", text, odd)]
        {
            let events = vec![event(name.to_owned(), data)];
            let batch = Batch::new(stream(category), Expected::Empty, events);
            store.append(batch).await.expect("stored");
        }
    }
}

/// Whether a page has no other tag than those that the inspector writes.
fn check(path: &str, page: &str) {
    let lower = page.to_lowercase();
    assert_eq!(lower.matches("<script").count(), 1, "{path}: {page}");
    for tag in ["<img", "<h1>mine", "<!--", "<iframe", "<object"] {
        assert!(!lower.contains(tag), "{tag} in {path}");
    }
    // No attribute was opened: quotes in values are escaped.
    for part in page.split('<').skip(1) {
        let tag = part.split('>').next().unwrap_or_default();
        let names = tag.split('"').step_by(2).collect::<String>();
        assert!(!names.contains(" on") && !names.contains('\''), "{tag} in {path}");
    }
    for link in links(page) {
        assert!(!link.contains(':') && !link.starts_with("//"), "{link} in {path}");
    }
}

#[tokio::test]
async fn names_and_payloads_stay_text_and_every_link_leads_somewhere() {
    let store = Memory::new();
    filled(&store).await;
    for site in [
        Site::new(inspector::router(shop::open(store.clone()).await)),
        Site::new(inspector::router_of(store.clone())),
    ] {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec!["log".to_owned()];
        while let Some(link) = open.pop() {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if link.is_empty() || !seen.insert(link.clone()) {
                continue;
            }
            let answer = site.get(&format!("/{link}")).await;
            assert_eq!(answer.status, 200, "{link}: {}", answer.text);
            let kind = answer.headers["content-type"].to_str().expect("text");
            if kind.starts_with("text/html") {
                check(&link, &answer.text);
                open.extend(links(&answer.text));
            } else if link.starts_with("raw") {
                let kept = answer.headers["content-disposition"].to_str().expect("text");
                assert!(kept.starts_with("attachment"), "{kept}");
                serde_json::from_str::<serde_json::Value>(&answer.text).expect("JSON");
            }
        }
        for page in ["stream?", "correlation?", "event?"] {
            let reached = seen.iter().filter(|link| link.starts_with(page)).count();
            assert!(reached >= TEXTS.len(), "{page}: {reached} of {seen:?}");
        }
    }
}

#[tokio::test]
async fn what_the_address_says_is_shown_as_text() {
    let site = Site::new(inspector::router(shop::open(Memory::new()).await));
    for text in TEXTS {
        let coded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for page in [
            "log?name",
            "log?category",
            "log?correlation",
            "log?since",
            "log?stream",
            "event?id",
            "correlation?of",
            "view?name",
            "actions?stream",
            "projections?done",
            "unlock?back",
            "stream?name",
            "reactions?done",
        ] {
            let path = format!("/{page}={coded}");
            let answer = site.get(&path).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.text);
            check(&path, &answer.text);
            if page == "log?name" {
                assert!(unescape(&answer.text).contains(text), "{path}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_break_nothing() {
    let site = Site::new(inspector::router(shop::open(Memory::new()).await));
    for path in
        ["/log?name=%ff%fe", "/log?%ff=%c3%28", "/stream?name=Cart-%80", "/%ff%fe", "/log?name=%"]
    {
        let answer = site.get(path).await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
    }
    for header in ["cookie", "last-event-id", "origin", "sec-fetch-site", "x-forwarded-proto"] {
        let request = site.request("GET", "/log").header(header, &b"\xff\xfe=\x80"[..]);
        let answer = site.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, 200, "{header}");
    }
    let huge = site.request("POST", "/unlock").header("sec-fetch-site", "same-origin");
    let huge = huge.header("content-type", "application/x-www-form-urlencoded");
    let answer = site.send(huge.body(Body::from(vec![b'a'; 3 << 20])).expect("a request")).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn a_huge_or_deep_payload_makes_no_huge_page() {
    let store = Memory::new();
    let event = |data: String| NewEvent {
        name: "ItemAdded".into(),
        schema: 1,
        data: Json::from_stored(data),
        meta: Meta::default(),
        created: Timestamp::now(),
    };
    let many = (0..200_000).map(|at| format!("\"{at}\"")).collect::<Vec<_>>().join(",");
    let payloads = [
        format!("\"{}\"", "x".repeat(4_000_000)),
        format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)),
        format!("[{many}]"),
        format!("{{\"{}\":1}}", "k".repeat(300_000)),
        "not JSON at all".to_owned(),
    ];
    let count = payloads.len();
    let events = payloads.into_iter().map(event).collect();
    let stream = StreamId::new("Cart", "huge").expect("a stream");
    store.append(Batch::new(stream, Expected::Any, events)).await.expect("stored");
    let app = shop::open(store.clone()).await;
    for site in [Site::new(inspector::router(app)), Site::new(inspector::router_of(store))] {
        let log = site.page("/log").await;
        assert!(log.len() < 200_000, "{}", log.len());
        for version in 0..=count {
            let page = site.page(&format!("/stream?name=Cart-huge&version={version}")).await;
            assert!(page.len() < 1_000_000, "{version}: {}", page.len());
            check("stream", &page);
        }
        for id in 1..=count {
            let page = site.page(&format!("/event?id={id}")).await;
            assert!(page.len() < 1_000_000, "{id}: {}", page.len());
        }
    }
}
