//! Histories: pages, lines, and `CloudEvents`.

use actum::{http::Api, prelude::*};
use serde_json::{Value, json};

use crate::{
    client::{get, get_with, post, post_with},
    place::{Place, both},
    shop::{item, open, start},
};

both!(
    pages_follow_one_another,
    lines_have_no_bound,
    a_history_is_written_as_cloudevents,
    a_history_that_breaks_is_not_taken_for_whole,
);

async fn pages_follow_one_another(place: Place) {
    let (app, router) = open(place.open().await).await;
    for _ in 0..7 {
        post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
        post(&router, "/Cart/2/AddItem", &item("A", 1)).await;
    }
    let (mut versions, mut path) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = get(&router, &format!("/Cart/1/history{path}")).await;
        let events = page.json();
        let events = events.as_array().expect("an array");
        assert!(events.iter().all(|event| event["stream"] == "Cart-1"));
        versions.extend(events.iter().map(|event| event["version"].as_u64().expect("a number")));
        let link = page.header("link");
        let Some(next) = link.strip_suffix(">; rel=\"next\"") else { break };
        next.strip_prefix('<').expect("a link").clone_into(&mut path);
    }
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7]);
    let whole = app.read(Query::stream("Cart-1".parse().expect("a name"))).all().await;
    let whole = serde_json::to_value(whole.expect("events")).expect("JSON");
    assert_eq!(get(&router, "/Cart/1/history").await.json(), whole);
    assert_eq!(get(&router, "/Cart/1/history?after=7").await.json(), json!([]));
    assert_eq!(get(&router, "/Cart/1/history?limit=0").await.json(), json!([]));
    let most = i64::MAX;
    let far = get(&router, &format!("/Cart/1/history?after={most}&limit={most}")).await;
    assert_eq!(far.json(), json!([]));
    get(&router, "/Cart/3/history").await.problem(404, "not_found");
    for odd in ["?after=x", "?limit=-1", "?format=xml", "?page=2", "?after=1&after=2"] {
        get(&router, &format!("/Cart/1/history{odd}")).await.problem(400, "bad_request");
    }
}

async fn lines_have_no_bound(place: Place) {
    const EVENTS: usize = 1200;
    let (app, router) = open(place.open().await).await;
    for _ in 0..EVENTS {
        app.act_json("Cart", "1", "AddItem", item("A", 1)).await.expect("added");
    }
    let lines = [("accept", "application/x-ndjson")];
    let answer = get_with(&router, "/Cart/1/history", &lines).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let events: Vec<Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let versions = events.iter().map(|event| event["version"].as_u64().expect("a number"));
    assert!(versions.eq(1..=EVENTS as u64));
    let few = get_with(&router, "/Cart/1/history?after=1190&limit=5", &lines).await;
    assert_eq!(few.body.lines().count(), 5);
    let capped = get(&router, "/Cart/1/history?limit=5000").await;
    assert_eq!(capped.json().as_array().expect("an array").len(), 1000);
}

async fn a_history_is_written_as_cloudevents(place: Place) {
    let app = start(place.open().await).await;
    let router = Api::new(app.clone()).source("https://shop.example/api").router();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("traceparent", trace), ("correlation-id", "c1")];
    // JSON with line ends in it is one line all the same.
    let note = "{\r\n \"a\\nb\" :\n [1, 2.50]\r}";
    app.act_json("Cart", "7", "AddItem", item("A", 1)).await.expect("added");
    post_with(&router, "/Cart/1%202/Note", &headers, note).await;
    let event = app.read(Query::all().after(Id(1))).next().await.expect("one").expect("an event");
    let answer = get(&router, "/Cart/1%202/history?format=cloudevents").await;
    assert_eq!(answer.header("content-type"), "application/cloudevents-batch+json");
    assert_eq!(
        answer.json(),
        json!([{
            "specversion": "1.0",
            "id": "2",
            "source": "https://shop.example/api/Cart/1%202",
            "type": "Noted",
            "subject": "Cart-1 2",
            "time": event.created.to_string(),
            "datacontenttype": "application/json",
            "streamversion": "1",
            "dataversion": "1",
            "correlationid": "c1",
            "causationid": "Note",
            "traceparent": trace,
            "data": { "note": { "a\nb": [1, 2.5] } },
        }])
    );
    let accept = [("accept", "application/cloudevents-batch+json")];
    let accepted = get_with(&router, "/Cart/1%202/history", &accept).await;
    assert_eq!(accepted.body, answer.body);
    let lines = [("accept", "application/x-ndjson")];
    let lines = get_with(&router, "/Cart/1%202/history?format=cloudevents", &lines).await;
    assert_eq!(lines.body.lines().count(), 1);
    let line: Value = serde_json::from_str(&lines.body).expect("JSON");
    assert_eq!(line, answer.json()[0]);
}

async fn a_history_that_breaks_is_not_taken_for_whole(place: Place) {
    use std::sync::atomic::Ordering::SeqCst;

    use actum::axum::body::to_bytes;
    use actum_tests::faulty::{Faulty, Switches};
    use tower::ServiceExt;

    let faulty = Faulty::<Switches>::new(place.open().await);
    let (_app, router) = open(faulty.clone()).await;
    for _ in 0..3 {
        post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    }
    faulty.faults.breaks_before_version.store(3, SeqCst);
    let lines = crate::client::request(
        actum::axum::http::Method::GET,
        "/Cart/1/history",
        &[("accept", "application/x-ndjson")],
        "",
    );
    let response = router.clone().oneshot(lines).await.expect("infallible");
    assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
    let text = get(&router, "/Cart/1/history").await.problem(503, "unavailable");
    assert!(!text.contains("injected"), "{text}");
}
