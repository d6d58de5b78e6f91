//! `Idempotency-Key`: a request that is sent again is stored once.

use actum::prelude::*;
use tokio::task::JoinSet;

use crate::{
    client::{post, post_with},
    place::{Place, both},
    shop::{item, open},
};

both!(
    a_request_with_a_key_is_stored_once,
    racers_with_one_key_store_once,
    a_key_that_could_be_a_reactions_is_refused,
);

async fn a_request_with_a_key_is_stored_once(place: Place) {
    let (app, router) = open(place.open().await).await;
    let ask = async |path: &str, key: &str, input: &str| {
        post_with(&router, path, &[("idempotency-key", key)], input).await
    };
    let first = ask("/Cart/1/AddItem", "req-77", &item("A", 2)).await;
    assert_eq!((first.status.as_u16(), first.json()["repeated"].clone()), (201, false.into()));
    post(&router, "/Cart/1/CheckOut", "{}").await;
    // In quotes it is the same key, and the outcome is the first whatever has come since.
    for key in ["req-77", "\"req-77\""] {
        let again = ask("/Cart/1/AddItem", key, &item("A", 2)).await;
        assert_eq!(again.status, first.status);
        assert_eq!(again.header("etag"), first.header("etag"));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.json()["events"], first.json()["events"]);
        assert_eq!(again.json()["repeated"], true);
    }
    for (path, input) in [
        ("/Cart/1/AddItem", item("A", 3)),
        ("/Cart/2/AddItem", item("A", 2)),
        ("/Cart/1/Note", item("A", 2)),
    ] {
        let other = ask(path, "req-77", &input).await.problem(422, "key_reused");
        assert!(other.contains("`req-77` was used before with other content"), "{other}");
    }
    assert_eq!(app.read(Query::all()).all().await.expect("events").len(), 3);
    for odd in ["", "ä", &"k".repeat(256)] {
        ask("/Cart/2/AddItem", odd, &item("A", 1)).await.problem(400, "bad_request");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let twice = post_with(&router, "/Cart/2/AddItem", &twice, &item("A", 1)).await;
    twice.problem(400, "bad_request");
}

async fn racers_with_one_key_store_once(place: Place) {
    let (app, router) = open(place.open().await).await;
    let mut racers = JoinSet::new();
    for _ in 0..16 {
        let router = router.clone();
        racers.spawn(async move {
            let headers = [("idempotency-key", "once")];
            post_with(&router, "/Cart/1/AddItem", &headers, &item("A", 1)).await
        });
    }
    let answers: Vec<_> = racers.join_all().await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 201), "{answers:?}");
    let first = answers.iter().filter(|answer| answer.json()["repeated"] == false).count();
    assert_eq!(first, 1);
    assert_eq!(app.read(Query::all()).all().await.expect("events").len(), 1);
}

async fn a_key_that_could_be_a_reactions_is_refused(place: Place) {
    let (_app, router) = open(place.open().await).await;
    for key in ["react/8/1/Payment", "\"react/8/1/Payment\""] {
        let headers = [("idempotency-key", key)];
        let answer = post_with(&router, "/Cart/1/AddItem", &headers, &item("A", 1)).await;
        assert!(answer.problem(400, "bad_request").contains("react/"));
    }
}
