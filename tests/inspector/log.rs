//! The log: filters, pages, and what is new.

use std::{collections::BTreeSet, time::Duration};

use actum::{
    Json, Meta, inspector,
    prelude::*,
    store::{Batch, Log, NewEvent},
};
use axum::{Router, body::Body, http::Request};
use futures_util::StreamExt;
use tower::ServiceExt;

use crate::{
    shop::{self, AddItem, Cart},
    site::{Site, links, text_of},
};

async fn append(store: &Memory, stream: &str, names: impl Iterator<Item = &'static str>) {
    let events = names.map(|name| NewEvent {
        name: name.into(),
        schema: 1,
        data: Json::from_stored(&b"{}"[..]),
        meta: Meta::default(),
        created: Timestamp::now(),
    });
    let batch = Batch::new(stream.parse().expect("a stream"), Expected::Any, events.collect());
    store.append(batch).await.expect("stored");
}

/// The ids on a page, in their order.
fn ids(page: &str) -> Vec<u64> {
    let all = page.split("data-id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    all.map(|id| id.parse().expect("an id")).collect()
}

fn next(page: &str) -> Option<String> {
    let at = page.find("rel=\"next\"")?;
    links(&page[at..]).into_iter().next()
}

#[tokio::test]
async fn the_pages_have_each_event_once_the_newest_first() {
    let store = Memory::new();
    for round in 0..40 {
        append(&store, "Cart-1", ["Added", "Removed", "Added"].into_iter()).await;
        append(&store, &format!("Order-{round}"), ["Paid"].into_iter()).await;
    }
    let site = Site::new(inspector::router_of(store));
    for (filter, count) in [
        ("", 160),
        ("?name=Added", 80),
        ("?category=Order", 40),
        ("?stream=Cart-1", 120),
        ("?stream=Cart-1&name=Removed", 40),
        ("?since=1h", 160),
        ("?name=Nothing", 0),
        ("?stream=Cart-2", 0),
        ("?stream=Cart-1&category=Cart", 120),
        ("?stream=Cart-1&category=Order", 0),
    ] {
        let mut seen = Vec::new();
        let mut link = Some(format!("log{filter}"));
        while let Some(here) = link {
            let page = site.page(&format!("/{here}")).await;
            seen.extend(ids(&page));
            link = next(&page);
        }
        assert!(seen.is_sorted_by(|one, other| one > other), "{filter}: {seen:?}");
        assert_eq!(seen.len(), count, "{filter}");
    }
}

#[tokio::test]
async fn a_filter_that_matches_little_looks_on_from_where_it_stopped() {
    let store = Memory::new();
    append(&store, "Cart-1", ["Rare"].into_iter()).await;
    append(&store, "Cart-2", std::iter::repeat_n("Common", 250_000)).await;
    append(&store, "Cart-2", ["Rare"].into_iter()).await;
    let site = Site::new(inspector::router_of(store));
    for (filter, expected, all) in [
        ("log?name=Rare", 3, [1, 250_002].as_slice()),
        ("log?name=Rare&stream=Cart-2", 13, &[250_002]),
    ] {
        assert_eq!(looked_for(&site, filter).await, (expected, BTreeSet::from_iter(all.to_vec())));
    }
}

/// How many pages it takes to look through the log, and what is found.
async fn looked_for(site: &Site, filter: &str) -> (u32, BTreeSet<u64>) {
    let (mut here, mut pages, mut found) = (filter.to_owned(), 0, BTreeSet::new());
    loop {
        let page = site.page(&format!("/{here}")).await;
        pages += 1;
        found.extend(ids(&page));
        match next(&page) {
            Some(link) => here = link,
            None => return (pages, found),
        }
        assert!(text_of(&page).contains("Looked back to "), "{page}");
    }
}

/// What has been sent, once it holds a text.
async fn sent(router: &Router, path: &str, last: Option<&str>, wanted: &str) -> String {
    let request = Request::builder().uri(path).header("host", "localhost");
    let request = match last {
        Some(last) => request.header("last-event-id", last),
        None => request,
    };
    let request = request.body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    let read = async {
        while !text.contains(wanted) {
            let Some(bytes) = body.next().await else { break };
            text.push_str(&String::from_utf8(bytes.expect("bytes").to_vec()).expect("UTF-8"));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("it is sent");
    text
}

#[tokio::test]
async fn new_events_are_sent_as_rows_and_resumed_by_id() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let router = inspector::router(app.clone());
    let text = sent(&router, "/tail?after=1", None, "id: 3").await;
    assert!(!text.contains("id: 1\n") && text.contains("id: 2\n"), "{text}");
    assert_eq!(text.matches("event: row").count(), 2, "{text}");
    let text = sent(&router, "/tail?after=1", Some("2"), "id: 3").await;
    assert!(!text.contains("id: 2\n"), "{text}");
    let text = sent(&router, "/tail?name=ItemRemoved&after=0", None, "id: 3").await;
    assert!(!text.contains("ItemAdded"), "{text}");
    let later = async {
        // Whether it comes before or after the request: nothing is left out.
        let hostile = AddItem { sku: "<b>\r\n\rdata: x".to_owned(), qty: 1 };
        app.act::<Cart>("9", hostile).await.expect("added");
    };
    let (text, ()) = tokio::join!(sent(&router, "/tail?after=3", None, "Cart-9"), later);
    assert!(!text.contains("<b>"), "{text}");
    app.shutdown(Duration::from_secs(10)).await.expect("shut down");
    let gone = Site::new(router).get("/tail?after=0").await;
    assert_eq!(gone.status, 500, "{}", gone.text);
}

#[tokio::test]
async fn a_tail_ends_with_the_app() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let router = inspector::router(app.clone());
    let (text, ()) = tokio::join!(sent(&router, "/tail?after=0", None, "event: end"), async {
        let _ = sent(&router, "/tail?after=0", None, "id: 3").await;
        app.shutdown(Duration::from_secs(10)).await.expect("shut down");
    });
    assert!(text.contains("event: end"), "{text}");
}

#[tokio::test]
async fn only_so_many_pages_follow_the_log() {
    let app = shop::open(Memory::new()).await;
    let router: Router = inspector::router(app);
    let ask = async || {
        let request = Request::builder().uri("/tail").header("host", "localhost");
        router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("one")
    };
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(ask().await);
    }
    assert!(open.iter().all(|one| one.status() == 200));
    assert_eq!(ask().await.status(), 503);
    drop(open);
    assert_eq!(ask().await.status(), 200);
}
