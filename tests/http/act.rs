//! Actions: what is answered when one is stored, refused, or meets another.

use actum::{
    axum::{Extension, http::Method},
    http::Actor,
    prelude::*,
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{get, post, post_with, request, send},
    place::{Place, both},
    shop::{Cart, item, open},
};

both!(
    an_action_answers_with_what_it_stored,
    each_refusal_has_its_status,
    of_racers_with_one_version_one_wins,
    a_version_or_its_absence_can_be_asked_for,
    who_asks_is_known_from_a_layer_only,
);

async fn an_action_answers_with_what_it_stored(place: Place) {
    let (app, router) = open(place.open().await).await;
    let first = post(&router, "/Cart/1%2F2/AddItem", &item("A", 2)).await;
    assert_eq!((first.status.as_u16(), first.header("etag")), (201, "\"1\""));
    assert_eq!(first.header("location"), "../1%2F2");
    let json = first.json();
    assert_eq!((&json["stream"], &json["version"]), (&"Cart-1/2".into(), &1.into()));
    assert_eq!((&json["id"], &json["repeated"]), (&1.into(), &false.into()));
    assert_eq!(json["events"][0]["data"], json!({ "sku": "A", "qty": 2 }));
    let stored = app.read(Query::all()).all().await.expect("events");
    assert_eq!(json["events"], serde_json::to_value(&stored).expect("JSON"));

    let two = post(&router, "/Cart/1%2F2/CheckOut", "{}").await;
    assert_eq!((two.status.as_u16(), two.header("location")), (200, ""));
    assert_eq!(two.json()["events"].as_array().expect("an array").len(), 2);
    assert_eq!(two.json()["version"], 3);

    let nothing = post(&router, "/Cart/2/AddItem", &item("A", 0)).await;
    assert_eq!((nothing.status.as_u16(), nothing.header("etag")), (200, "\"0\""));
    assert_eq!(nothing.json()["events"], json!([]));

    let minimal = [("prefer", "respond-async, return=minimal")];
    let minimal = post_with(&router, "/Cart/3/AddItem", &minimal, &item("A", 1)).await;
    assert_eq!(minimal.header("preference-applied"), "return=minimal");
    assert_eq!(minimal.json().get("events"), None);
    assert_eq!(minimal.json()["id"], 4);

    let batch = [("accept", "application/cloudevents-batch+json")];
    let batch = post_with(&router, "/Cart/3/CheckOut", &batch, "{}").await;
    assert_eq!(batch.header("content-type"), "application/cloudevents-batch+json");
    assert_eq!(batch.json()[1]["type"], "CheckedOut");
}

async fn each_refusal_has_its_status(place: Place) {
    let (app, router) = open(place.open().await).await;
    post(&router, "/Cart/1/CheckOut", "{}").await;
    let add = "/Cart/1/AddItem";
    let refused = post(&router, add, &item("A", 1)).await.problem(409, "rejected");
    assert_eq!(refused, "`open` is not met: the cart is not checked out");
    for malformed in ["", "{", "{} {}", "{'a':1}", "\u{feff}{}", "nul"] {
        post(&router, "/Cart/2/AddItem", malformed).await.problem(400, "bad_request");
    }
    for unfit in ["{}", "null", "[]", r#"{"sku":"A","qty":-1}"#, r#"{"sku":"A","qty":1e999}"#] {
        post(&router, "/Cart/2/AddItem", unfit).await.problem(422, "input");
    }
    let unknown = post(&router, "/Basket/1/AddItem", "{}").await;
    assert!(unknown.problem(404, "not_found").contains("/Basket/1/AddItem"));
    post(&router, "/Cart/1/Pay", "{}").await.problem(404, "not_found");
    for path in ["/", "/Cart", "/Cart/", "/Cart/1/", "/Cart/1/AddItem/"] {
        post(&router, path, "{}").await.problem(404, "not_found");
    }
    let method = get(&router, add).await;
    method.problem(405, "method_not_allowed");
    assert_eq!(method.header("allow"), "POST");
    let method = send(&router, request(Method::DELETE, "/Cart/1", &[], "")).await;
    method.problem(405, "method_not_allowed");
    assert_eq!(method.header("allow"), "GET,HEAD");
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        let headers = [("content-type", media)];
        let answer = send(&router, request(Method::POST, add, &headers, "{}")).await;
        answer.problem(415, "unsupported_media_type");
    }
    send(&router, request(Method::POST, add, &[], "{}"))
        .await
        .problem(415, "unsupported_media_type");
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    post(&router, "/Cart/2/Note", &large).await.problem(413, "too_large");
    // What could be stored but not read again.
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let deep = post(&router, "/Cart/2/Note", &deep).await;
    assert_eq!(deep.status.as_u16(), 422, "{deep:?}");
    assert_eq!(app.read(Query::all()).all().await.expect("events").len(), 2);
}

async fn of_racers_with_one_version_one_wins(place: Place) {
    let (app, router) = open(place.open().await).await;
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    let mut racers = JoinSet::new();
    for racer in 0..16 {
        let router = router.clone();
        racers.spawn(async move {
            let headers = [("if-match", "\"1\"")];
            post_with(&router, "/Cart/1/AddItem", &headers, &item("B", racer + 1)).await
        });
    }
    let mut won = 0;
    while let Some(answer) = racers.join_next().await {
        let answer = answer.expect("no panic");
        if answer.status.as_u16() == 200 {
            won += 1;
            continue;
        }
        let text = answer.problem(412, "conflict");
        assert!(text.contains("in between came ItemAdded (2)"), "{text}");
        assert_eq!((&answer.json()["actual"], answer.header("etag")), (&2.into(), "\"2\""));
        assert_eq!(answer.json()["between"][0]["name"], "ItemAdded");
        assert_eq!(answer.json()["stream"], "Cart-1");
    }
    assert_eq!(won, 1);
    assert_eq!(app.load::<Cart>("1").await.expect("a cart").version(), Version(2));
}

async fn a_version_or_its_absence_can_be_asked_for(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let ask = async |name: &str, value: &str| {
        post_with(&router, "/Cart/1/AddItem", &[(name, value)], &item("A", 1)).await
    };
    let missing = ask("if-match", "*").await;
    assert!(missing.problem(412, "conflict").contains("should exist"));
    assert_eq!(ask("if-none-match", "*").await.status.as_u16(), 201);
    ask("if-none-match", "*").await.problem(412, "conflict");
    assert_eq!(ask("if-match", "*").await.status.as_u16(), 200);
    assert_eq!(ask("if-match", "\"2\"").await.json()["version"], 3);
    ask("if-match", "\"0\"").await.problem(412, "conflict");
    ask("if-match", "\"18446744073709551615\"").await.problem(412, "conflict");
    for odd in ["3", "W/\"3\"", "\"3\", \"4\"", "\"+3\"", "\"\"", "\"", "\"18446744073709551616\""]
    {
        ask("if-match", odd).await.problem(400, "bad_request");
    }
    ask("if-none-match", "\"3\"").await.problem(400, "bad_request");
    let both = [("if-match", "\"3\""), ("if-none-match", "*")];
    let both = post_with(&router, "/Cart/1/AddItem", &both, &item("A", 1)).await;
    both.problem(400, "bad_request");
}

async fn who_asks_is_known_from_a_layer_only(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("actor", "mallory"),
        ("x-actor", "mallory"),
        ("from", "mallory"),
        ("correlation-id", "order 7"),
        ("traceparent", trace),
    ];
    let answer = post_with(&router, "/Cart/1/AddItem", &headers, &item("A", 1)).await;
    let meta = answer.json()["events"][0]["meta"].clone();
    assert_eq!(
        meta,
        json!({ "correlation": "order 7", "causation": "AddItem", "traceparent": trace })
    );
    let malformed = [("traceparent", "00-xyz"), ("prefer", "=,;")];
    let malformed = post_with(&router, "/Cart/1/AddItem", &malformed, &item("A", 1)).await;
    assert_eq!(malformed.json()["events"][0]["meta"].get("traceparent"), None);

    let layered = router.clone().layer(Extension(Actor("alice".to_owned())));
    let answer = post_with(&layered, "/Cart/1/AddItem", &headers, &item("A", 1)).await;
    assert_eq!(answer.json()["events"][0]["meta"]["actor"], "alice");
    let stale = [("if-match", "\"2\"")];
    let stale = post_with(&router, "/Cart/1/AddItem", &stale, &item("A", 1)).await;
    assert_eq!(
        stale.json()["between"],
        json!([
            { "name": "ItemAdded", "version": 3, "actor": "alice" },
        ])
    );
}
