//! Views: one document, one of a key, and one that has seen what was written.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use actum::http::Api;
use actum_tests::faulty::{Faulty, Switches};
use serde_json::json;

use crate::{
    client::{get, post},
    place::{Place, both},
    shop::{item, open, start},
};

both!(
    a_view_reads_its_own_write,
    the_documents_of_all_keys_are_listed_by_pages,
    a_view_that_lags_is_told_in_time,
);

async fn a_view_reads_its_own_write(place: Place) {
    let (_app, router) = open(place.open().await).await;
    assert_eq!(get(&router, "/views/Sold").await.json(), json!({ "qty": 0 }));
    get(&router, "/views/SoldOf/A").await.problem(404, "not_found");
    for n in 1..=20 {
        let done = post(&router, "/Cart/1/AddItem", &item("A/ ä", 1)).await;
        let id = done.json()["id"].clone();
        let all = get(&router, &format!("/views/Sold?after={id}")).await;
        assert_eq!(all.json(), json!({ "qty": n }));
        let one = get(&router, &format!("/views/SoldOf/A%2F%20%c3%a4?after={id}")).await;
        assert_eq!(one.json(), json!({ "qty": n }));
    }
    for path in ["/views/Sold/A", "/views/Other", "/views", "/views/SoldOf/B"] {
        get(&router, path).await.problem(404, "not_found");
    }
    for path in ["/views/Sold?after=x", "/views/Sold?key=A", "/views/SoldOf/%00"] {
        get(&router, path).await.problem(400, "bad_request");
    }
    let long = format!("/views/SoldOf/{}", "x".repeat(2000));
    get(&router, &long).await.problem(400, "bad_request");
    let far = get(&router, "/views/Sold?after=9223372036854775807").await;
    assert!(far.problem(400, "bad_request").contains("the log ends at 20"));
}

async fn the_documents_of_all_keys_are_listed_by_pages(place: Place) {
    let (_app, router) = open(place.open().await).await;
    assert_eq!(get(&router, "/views/SoldOf").await.json(), json!([]));
    let mut last = json!(0);
    for (cart, sku) in [("1", "b&=/ ä"), ("2", "a"), ("1", "c"), ("2", "a"), ("1", "bb")] {
        let done = post(&router, &format!("/Cart/{cart}/AddItem"), &item(sku, 1)).await;
        last = done.json()["id"].clone();
    }
    let all = get(&router, &format!("/views/SoldOf?seen={last}")).await;
    let one = |key: &str, qty: u32| json!({ "key": key, "document": { "qty": qty } });
    let expected = [one("a", 2), one("b&=/ ä", 1), one("bb", 1), one("c", 1)];
    assert_eq!(all.json(), json!(expected));
    assert!(all.headers.get("link").is_none());
    // Page by page, as the links lead.
    let (mut next, mut listed) = (String::from("?limit=1"), Vec::new());
    loop {
        let page = get(&router, &format!("/views/SoldOf{next}")).await;
        listed.extend(page.json().as_array().expect("a list").clone());
        let Some(link) = page.headers.get("link") else { break };
        let link = link.to_str().expect("text").strip_prefix('<').expect("a link");
        next = link.split('>').next().expect("a link").to_owned();
    }
    assert_eq!(json!(listed), json!(expected));
    let begun = get(&router, "/views/SoldOf?prefix=b&after=b%26").await.json();
    assert_eq!(begun, json!(expected[1..3]));
    assert_eq!(get(&router, "/views/SoldOf?limit=0").await.json(), json!([]));
    for bad in ["prefix=%00", "after=%0a", "after=a&after=b", "limit=-1", "key=a", "seen=x"] {
        get(&router, &format!("/views/SoldOf?{bad}")).await.problem(400, "bad_request");
    }
    let long = format!("/views/SoldOf?prefix={}", "x".repeat(1025));
    get(&router, &long).await.problem(400, "bad_request");
}

async fn a_view_that_lags_is_told_in_time(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    faulty.faults.refuses_views.store(true, SeqCst);
    let app = start(faulty.clone()).await;
    let router = Api::new(app).wait(Duration::from_millis(50)).router();
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    let late = get(&router, "/views/Sold?after=1").await;
    assert!(late.problem(503, "unavailable").contains("has not seen 1 yet"));
    assert_eq!(late.header("retry-after"), "1");
}
