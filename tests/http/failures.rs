//! What fails in the app or its store is told, and no more than that.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use actum_tests::faulty::{Faulty, Switches};

use crate::{
    client::{get, post, post_with},
    place::{Place, both},
    shop::{item, open},
};

both!(
    a_store_that_fails_is_unavailable_and_tells_no_more,
    an_app_that_is_shut_down_takes_no_more_work,
    an_action_that_panics_is_an_answer,
    health_tells_how_the_projections_fare,
);

async fn a_store_that_fails_is_unavailable_and_tells_no_more(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let (_app, router) = open(faulty.clone()).await;
    faulty.faults.loses_answers.store(true, SeqCst);
    let key = [("idempotency-key", "k")];
    let lost = post_with(&router, "/Cart/1/AddItem", &key, &item("A", 1)).await;
    let text = lost.problem(503, "unavailable");
    assert!(!text.contains("injected"), "{text}");
    assert_eq!(lost.header("retry-after"), "1");
    faulty.faults.loses_answers.store(false, SeqCst);
    // It was stored, and the key tells so.
    let again = post_with(&router, "/Cart/1/AddItem", &key, &item("A", 1)).await;
    assert_eq!(again.json()["repeated"], true);
}

async fn an_app_that_is_shut_down_takes_no_more_work(place: Place) {
    let (app, router) = open(place.open().await).await;
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    assert_eq!(get(&router, "/health").await.status.as_u16(), 200);
    app.shutdown(Duration::from_secs(30)).await.expect("all has ended");
    let refused = post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    assert!(refused.problem(503, "unavailable").contains("shut down"));
    get(&router, "/events").await.problem(503, "unavailable");
    get(&router, "/health").await.problem(503, "unavailable");
    assert_eq!(get(&router, "/Cart/1").await.json()["version"], 1);
}

async fn an_action_that_panics_is_an_answer(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let text = post(&router, "/Cart/1/Panic", "null").await.problem(500, "internal");
    assert!(!text.contains("as it was asked"), "{text}");
    let next = post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    assert_eq!(next.status.as_u16(), 201);
}

async fn health_tells_how_the_projections_fare(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let (_app, router) = open(faulty.clone()).await;
    let well = get(&router, "/health").await.json();
    assert_eq!((&well["well"], &well["head"]), (&true.into(), &0.into()));
    assert_eq!(well["projections"][0]["name"], "Sold");
    faulty.faults.refuses_views.store(true, SeqCst);
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    crate::place::until("the projection tries again", async || {
        let health = get(&router, "/health").await;
        assert_eq!(health.status.as_u16(), 200);
        health.json()["projections"][0]["state"] == "retrying"
    })
    .await;
    let ill = get(&router, "/health").await;
    assert_eq!(ill.json()["well"], false);
    assert!(ill.json()["projections"][0]["error"].as_str().expect("a text").contains("faulty"));
    assert!(!ill.body.contains("injected"), "{ill:?}");
}
