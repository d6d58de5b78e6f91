//! What fails is tried again, then parked, while all others go on.

use actum::{
    Json, ParkedStream, ParkedWhat,
    prelude::*,
    store::{Batch, NewEvent},
};

use crate::{
    domain::{Account, AccountEvent, Call, Desk, Do, Script, paid_for, place, settled, start},
    place::{Place, everywhere, until},
};

everywhere!(
    a_failure_is_tried_again,
    a_panic_counts_as_a_try,
    after_its_tries_a_stream_is_parked_and_others_go_on,
    a_permanent_error_parks_at_once,
    retry_goes_on_with_what_was_set_aside,
    a_retry_that_fails_stays_parked,
    unpark_tries_as_often_as_at_first,
    skip_leaves_out_what_failed_and_goes_on,
    a_restart_remembers_what_is_parked,
    an_event_that_cannot_be_read_is_parked,
    an_old_payload_is_upcast_on_retry,
    what_is_not_parked_cannot_be_retried,
);

fn stream(name: &str) -> StreamId {
    name.parse().expect("a name")
}

fn is_a1(call: &Call) -> bool {
    call.stream == "Order-a" && call.version == 1
}

/// Fails the first event of `a`, for good.
fn failing() -> std::sync::Arc<Script> {
    Script::new(|call| if is_a1(call) { Do::Fail("no gateway") } else { Do::Work })
}

async fn parked(app: &App) -> Vec<ParkedStream> {
    app.parked::<Desk>().await.expect("read")
}

/// Places three orders in `a`, of which the first fails, and two in `b`; waits until `a` is parked.
async fn a_is_parked(app: &App) -> Id {
    place(app, "a", 3).await;
    let last = place(app, "b", 2).await;
    settled(app, last).await;
    until("it is parked", async || parked(app).await.len() == 1).await;
    last
}

async fn a_failure_is_tried_again(at: Place) {
    let script =
        Script::new(
            |call| {
                if is_a1(call) && call.attempt < 3 { Do::Fail("not yet") } else { Do::Work }
            },
        );
    let app = start(at.open().await, &script, "r").await;
    place(&app, "a", 2).await;
    place(&app, "b", 2).await;
    until("all is paid for", async || {
        paid_for(&app, "a").await == [1, 2] && paid_for(&app, "b").await == [1, 2]
    })
    .await;
    let tries: Vec<_> = script.calls().into_iter().filter(is_a1).map(|call| call.attempt).collect();
    assert_eq!(tries, [1, 2, 3]);
    assert_eq!(script.of("Order-a"), [1, 1, 1, 2], "the second waits behind the first");
}

async fn a_panic_counts_as_a_try(at: Place) {
    let script = Script::new(|call| if is_a1(call) { Do::Panic } else { Do::Work });
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    let parked = parked(&app).await;
    assert_eq!((parked[0].attempts, &*parked[0].error), (3, "it panicked: on purpose"));
    assert_eq!(paid_for(&app, "b").await, [1, 2]);
}

async fn after_its_tries_a_stream_is_parked_and_others_go_on(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    let last = place(&app, "c", 2).await;
    settled(&app, last).await;
    let [one] = &parked(&app).await[..] else { panic!("one is parked") };
    assert_eq!(one.stream, stream("Order-a"));
    assert_eq!((one.attempts, &*one.error), (3, "no gateway"));
    let what = ParkedWhat::Event { name: "Placed".to_owned(), version: Version(1) };
    assert_eq!((&one.what, one.event), (&what, Id(1)));
    assert_eq!(script.of("Order-a"), [1, 1, 1]);
    assert_eq!(paid_for(&app, "b").await, [1, 2]);
    assert_eq!(paid_for(&app, "c").await, [1, 2]);
    let health = app.health().await.expect("health");
    assert!(!health.is_well() && health.reactions[0].parked == 1, "{health:?}");
}

async fn a_permanent_error_parks_at_once(at: Place) {
    let script = Script::new(|call| if is_a1(call) { Do::Park("declined") } else { Do::Work });
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    let parked = parked(&app).await;
    assert_eq!((parked[0].attempts, &*parked[0].error), (1, "declined"));
    assert_eq!(script.of("Order-a"), [1]);
    assert_eq!(paid_for(&app, "b").await, [1, 2]);
}

async fn retry_goes_on_with_what_was_set_aside(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    script.turn(|_| Do::Work);
    app.parked::<Desk>().retry(&stream("Order-a")).await.expect("asked");
    until("all is paid for", async || paid_for(&app, "a").await == [1, 2, 3]).await;
    until("nothing is parked", async || parked(&app).await.is_empty()).await;
    assert_eq!(script.of("Order-a"), [1, 1, 1, 1, 2, 3]);
    // And the stream is as any other again.
    place(&app, "a", 1).await;
    until("the next is paid for", async || paid_for(&app, "a").await == [1, 2, 3, 4]).await;
}

async fn a_retry_that_fails_stays_parked(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    script.turn(|call| if is_a1(call) { Do::Fail("still none") } else { Do::Work });
    app.parked::<Desk>().retry(&stream("Order-a")).await.expect("asked");
    until("it was tried once more", async || {
        let parked = parked(&app).await;
        parked.len() == 1 && parked[0].attempts == 4 && parked[0].error == "still none"
    })
    .await;
    assert_eq!(script.of("Order-a"), [1; 4]);
}

async fn unpark_tries_as_often_as_at_first(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    app.parked::<Desk>().unpark(&stream("Order-a")).await.expect("asked");
    until("it was tried three times more", async || script.of("Order-a") == [1; 6]).await;
    // One read: what is listed may still be of before, and for a moment nothing is.
    until("it is parked again", async || {
        parked(&app).await.iter().map(|parked| parked.attempts).eq([3])
    })
    .await;
}

async fn skip_leaves_out_what_failed_and_goes_on(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    app.parked::<Desk>().skip(&stream("Order-a")).await.expect("asked");
    until("the others are paid for", async || paid_for(&app, "a").await == [2, 3]).await;
    until("nothing is parked", async || parked(&app).await.is_empty()).await;
    assert_eq!(script.of("Order-a"), [1, 1, 1, 2, 3]);
}

async fn a_restart_remembers_what_is_parked(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    drop(app);
    script.turn(|_| Do::Work);
    let app = start(at.open().await, &script, "r").await;
    let last = place(&app, "a", 1).await;
    settled(&app, last).await;
    assert_eq!(script.of("Order-a"), [1; 3], "nobody has asked for another try");
    app.parked::<Desk>().retry(&stream("Order-a")).await.expect("asked");
    until("all is paid for", async || paid_for(&app, "a").await == [1, 2, 3, 4]).await;
    assert_eq!(paid_for(&app, "b").await, [1, 2]);
}

async fn an_event_that_cannot_be_read_is_parked(at: Place) {
    let script = Script::new(|_| Do::Work);
    let app = start(at.open().await, &script, "r").await;
    let mut event = NewEvent::new("Placed", Json::from_value(&"of the future").expect("JSON"));
    event.schema = 9;
    let batch = Batch::new(stream("Order-a"), Expected::Any, vec![event]);
    app.store().append(batch).await.expect("stored");
    let last = place(&app, "b", 2).await;
    settled(&app, last).await;
    let parked = parked(&app).await;
    assert!(parked[0].error.contains("version 9 of its schema"), "{parked:?}");
    assert_eq!((parked[0].attempts, script.of("Order-a")), (1, vec![]));
    assert_eq!(paid_for(&app, "b").await, [1, 2]);
}

async fn an_old_payload_is_upcast_on_retry(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    let old = Json::from_text(r#"{"cents":12050}"#).expect("JSON");
    let batch = Batch::new(stream("Order-a"), Expected::Any, vec![NewEvent::new("Placed", old)]);
    app.store().append(batch).await.expect("stored");
    place(&app, "b", 1).await;
    until("it is parked", async || parked(&app).await.len() == 1).await;
    script.turn(|_| Do::Work);
    app.parked::<Desk>().retry(&stream("Order-a")).await.expect("asked");
    until("it is paid for", async || paid_for(&app, "a").await == [1]).await;
    let paid = app.history::<Account>("a").expect("a name").all().await.expect("read");
    let AccountEvent::Paid(paid) = &paid[0].data;
    assert_eq!(paid.price, "120.50");
}

async fn what_is_not_parked_cannot_be_retried(at: Place) {
    let script = failing();
    let app = start(at.open().await, &script, "r").await;
    a_is_parked(&app).await;
    let error = app.parked::<Desk>().retry(&stream("Order-b")).await.expect_err("not parked");
    assert!(error.to_string().contains("has parked nothing of it"), "{error}");
    assert_eq!(parked(&app).await.len(), 1);
}
