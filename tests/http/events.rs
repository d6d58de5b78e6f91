//! Live feeds: whole, once, in order; they resume, wait for slow readers, and end.

use std::time::Duration;

use actum::{http::Api, prelude::*};
use serde_json::Value;
use tokio::{io::AsyncReadExt, task::JoinSet};

use crate::{
    client::{Feed, SOON, get, post, serve},
    place::{Place, both},
    shop::{item, open, start},
};

both!(
    a_feed_has_no_gap_and_no_double_while_writers_write,
    a_feed_resumes_from_the_last_id,
    every_filter_holds,
    a_heartbeat_moves_the_position_past_what_is_not_wanted,
    a_slow_reader_gets_everything_and_holds_up_nobody,
    a_shutdown_ends_a_feed,
    what_is_no_position_is_refused,
);

fn write(app: &App, writers: usize, events: usize) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for writer in 0..writers {
        let app = app.clone();
        all.spawn(async move {
            for at in 0..events / writers {
                let id = format!("{writer}-{}", at % 3);
                app.act_json("Cart", id, "AddItem", item("A", 1)).await.expect("added");
            }
        });
    }
    all
}

async fn ids(app: &App, query: Query) -> Vec<u64> {
    let events = app.read(query).all().await.expect("events");
    events.into_iter().map(|event| event.id.0).collect()
}

async fn take(feed: &mut Feed, events: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    while ids.len() < events {
        let (id, event) = feed.event().await.expect("it goes on");
        assert_eq!(event["id"], id);
        ids.push(id);
    }
    ids
}

async fn a_feed_has_no_gap_and_no_double_while_writers_write(place: Place) {
    const EVENTS: usize = 400;
    let (app, router) = open(place.open().await).await;
    let address = serve(router).await;
    let writers = write(&app, 4, EVENTS);
    let mut readers = JoinSet::new();
    for reader in 0..4 {
        let app = app.clone();
        readers.spawn(async move {
            // Each begins somewhere on the way.
            let mut log = app.subscribe(Query::all(), Id(0)).expect("a subscription");
            for _ in 0..reader * 80 {
                log.next().await.expect("it goes on").expect("an event");
            }
            let mut feed = Feed::open(address, "/events", &[]).await;
            take(&mut feed, EVENTS).await
        });
    }
    writers.join_all().await;
    let all = ids(&app, Query::all()).await;
    assert_eq!(all.len(), EVENTS);
    for seen in readers.join_all().await {
        assert_eq!(seen, all);
    }
}

async fn a_feed_resumes_from_the_last_id(place: Place) {
    const EVENTS: usize = 300;
    let (app, router) = open(place.open().await).await;
    let address = serve(router).await;
    let writers = write(&app, 3, EVENTS);
    let mut seen: Vec<u64> = Vec::new();
    let mut last = "0".to_owned();
    // The connection breaks again and again; the header goes before the parameter.
    while seen.len() < EVENTS {
        let headers = [("last-event-id", last.as_str())];
        let mut feed = Feed::open(address, "/events?after=0", &headers).await;
        let first = feed.message().await.expect("the position");
        assert_eq!(first.id.map(|id| id.to_string()).as_ref(), Some(&last));
        let some = 37.min(EVENTS - seen.len());
        seen.extend(take(&mut feed, some).await);
        last = seen.last().expect("some").to_string();
    }
    writers.join_all().await;
    assert_eq!(seen, ids(&app, Query::all()).await);
}

async fn every_filter_holds(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let address = serve(router.clone()).await;
    let odd = "/W%C3%A4gen%2F1%20%7Bx%7D";
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    post(&router, "/Cart/2/CheckOut", "{}").await;
    post(&router, &format!("{odd}/1/history"), "{}").await;
    let correlation = post(&router, "/Cart/1/AddItem", &item("B", 1)).await;
    let correlation = correlation.json()["events"][0]["meta"]["correlation"].clone();
    let correlation = format!("correlation={}", correlation.as_str().expect("a text"));
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5][..]),
        ("after=3", &[4, 5]),
        ("name=ItemAdded", &[1, 4, 5]),
        ("name=CheckedOut&name=Noted", &[2, 3]),
        ("category=Cart&name=ItemAdded", &[1, 5]),
        ("category=W%C3%A4gen/1+%7Bx%7D", &[4]),
        ("stream=Cart-2", &[2, 3]),
        (&correlation, &[5]),
    ] {
        let mut feed = Feed::open(address, &format!("/events?{query}"), &[]).await;
        assert!(feed.head[0].contains("200"), "{:?}", feed.head);
        assert!(feed.head.contains(&"content-type: text/event-stream".to_owned()));
        assert_eq!(take(&mut feed, expected.len()).await, expected, "{query}");
    }
    let mut clouds = Feed::open(address, "/events?format=cloudevents&after=4", &[]).await;
    let (id, cloud) = clouds.event().await.expect("an event");
    assert_eq!((id, &cloud["id"], &cloud["specversion"]), (5, &"5".into(), &"1.0".into()));
    // From now on.
    let mut feed = Feed::open(address, "/events?after=head", &[]).await;
    assert_eq!(feed.message().await.expect("the position").id, Some(5));
    post(&router, "/Cart/1/AddItem", &item("C", 1)).await;
    assert_eq!(take(&mut feed, 1).await, [6]);
}

async fn a_heartbeat_moves_the_position_past_what_is_not_wanted(place: Place) {
    let app = start(place.open().await).await;
    let router = Api::new(app).heartbeat(Duration::from_millis(5)).router();
    let address = serve(router.clone()).await;
    let mut feed = Feed::open(address, "/events?name=CheckedOut", &[]).await;
    for _ in 0..3 {
        post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    }
    let waited = tokio::time::timeout(SOON, async {
        loop {
            let message = feed.message().await.expect("it goes on");
            assert_eq!(message.data, "");
            if message.id == Some(3) {
                break;
            }
        }
    });
    waited.await.expect("the position moves");
}

async fn a_slow_reader_gets_everything_and_holds_up_nobody(place: Place) {
    const EVENTS: usize = 60;
    let (app, router) = open(place.open().await).await;
    let address = serve(router.clone()).await;
    let mut slow = Feed::open(address, "/events", &[]).await;
    // Far more than the buffers of a connection hold.
    let note = serde_json::to_string(&"x".repeat(1 << 20)).expect("JSON");
    for _ in 0..EVENTS {
        app.act_json("Cart", "1", "Note", note.as_str()).await.expect("noted");
    }
    let mut quick = Feed::open(address, &format!("/events?after={}", EVENTS - 1), &[]).await;
    assert_eq!(take(&mut quick, 1).await, [EVENTS as u64]);
    assert_eq!(get(&router, "/Cart/1").await.json()["version"], EVENTS);
    assert_eq!(take(&mut slow, EVENTS).await, (1..=EVENTS as u64).collect::<Vec<_>>());
}

async fn a_shutdown_ends_a_feed(place: Place) {
    let (app, router) = open(place.open().await).await;
    let address = serve(router.clone()).await;
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    let mut feed = Feed::open(address, "/events", &[]).await;
    assert_eq!(take(&mut feed, 1).await, [1]);
    app.shutdown(SOON).await.expect("all has ended");
    assert!(feed.message().await.is_none());
}

async fn what_is_no_position_is_refused(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let address = serve(router.clone()).await;
    for path in ["after=x", "after=-1", "after=1&after=2", "since=1", "stream=x", "format=xml"] {
        get(&router, &format!("/events?{path}")).await.problem(400, "bad_request");
    }
    for last in ["x", "-1", "1 2", "", "18446744073709551616", "\u{e9}"] {
        let mut feed = Feed::open(address, "/events", &[("last-event-id", last)]).await;
        assert!(feed.head[0].contains("400"), "{last}: {:?}", feed.head);
        let _: Value = serde_json::from_str(&feed.rest().await).expect("a problem");
    }
}

impl Feed {
    /// What is left, of an answer that ends.
    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        let read = tokio::time::timeout(SOON, self.lines.read_to_string(&mut rest)).await;
        read.expect("an end in time").expect("a connection");
        rest
    }
}
