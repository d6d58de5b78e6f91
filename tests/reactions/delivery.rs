//! Every event is handled, each stream in its order, and what follows happens once.

use std::sync::atomic::Ordering::SeqCst;

use actum::{ReactionState, prelude::*};
use tokio::sync::watch;

use crate::{
    domain::{Account, Call, Do, Order, Script, paid, paid_for, place, settled, start},
    faulty::Faulty,
    place::{PATIENCE, Place, everywhere, until},
};

everywhere!(
    follow_ups_carry_correlation_and_cause,
    each_stream_is_handled_in_order,
    streams_are_handled_at_the_same_time,
    a_redelivery_acts_once_and_gets_the_first_outcome,
    a_slow_handler_makes_nobody_repeat_the_others,
    a_restart_goes_on_at_the_checkpoint,
);

async fn follow_ups_carry_correlation_and_cause(at: Place) {
    let script = Script::new(|_| Do::Work);
    let app = start(at.open().await, &script, "r").await;
    for id in ["a", "b"] {
        let placing = app.act::<Order>(id, crate::domain::Place).correlation(format!("of {id}"));
        let done = placing.actor("alice").await.expect("placed");
        settled(&app, done.id).await;
        let paid = app.history::<Account>(id).expect("a name").all().await.expect("read");
        let [paid] = &paid[..] else { panic!("{} payments", paid.len()) };
        assert_eq!(paid.meta.correlation(), Some(&*format!("of {id}")));
        assert_eq!(paid.meta.causation(), Some(&*format!("Pay#{}", done.id)));
        assert_eq!(paid.meta.actor(), None, "who asked first did not ask for this");
    }
    let health = app.health().await.expect("health");
    assert!(health.is_well(), "{health:?}");
    assert!(matches!(health.reactions[0].state, ReactionState::Running));
}

async fn each_stream_is_handled_in_order(at: Place) {
    let script = Script::new(|_| Do::Work);
    let app = start(at.open().await, &script, "r").await;
    let mut last = Id(0);
    for _ in 0..20 {
        for id in ["a", "b", "c"] {
            last = place(&app, id, 1).await;
        }
    }
    settled(&app, last).await;
    for id in ["a", "b", "c"] {
        assert_eq!(script.of(&format!("Order-{id}")), (1..=20).collect::<Vec<_>>());
        assert_eq!(paid_for(&app, id).await, (1..=20).collect::<Vec<_>>());
    }
}

async fn streams_are_handled_at_the_same_time(at: Place) {
    let (go, going) = watch::channel(false);
    let script = Script::new(move |call| match &*call.stream {
        "Order-a" => Do::Wait(going.clone()),
        _ => Do::Work,
    });
    let app = start(at.open().await, &script, "r").await;
    place(&app, "a", 2).await;
    let last = place(&app, "b", 2).await;
    until("b is paid for while a waits", async || paid_for(&app, "b").await == [1, 2]).await;
    assert_eq!(script.of("Order-a"), [1], "the second waits behind the first");
    go.send_replace(true);
    settled(&app, last).await;
    assert_eq!(paid_for(&app, "a").await, [1, 2]);
}

async fn a_redelivery_acts_once_and_gets_the_first_outcome(at: Place) {
    let script = Script::new(|_| Do::Work);
    // Given a process that ends between the effect and the checkpoint.
    let faulty = Faulty::new(at.open().await);
    faulty.refuses_views.store(true, SeqCst);
    let app = start(faulty, &script, "first").await;
    place(&app, "a", 2).await;
    let last = place(&app, "b", 1).await;
    until("all is paid for", async || {
        paid_for(&app, "a").await == [1, 2] && paid_for(&app, "b").await == [1]
    })
    .await;
    drop(app);
    // When the next one handles them again, with another input.
    let app = start(at.open().await, &script, "second").await;
    settled(&app, last).await;
    // Then each was handled twice, and paid for once.
    assert_eq!(script.of("Order-a"), [1, 2, 1, 2]);
    let first = |what: u64| (what, "first".to_owned());
    assert_eq!(paid(&app, "a").await, [first(1), first(2)]);
    assert_eq!(paid(&app, "b").await, [first(1)]);
}

async fn a_slow_handler_makes_nobody_repeat_the_others(at: Place) {
    let (_go, going) = watch::channel(false);
    let script = Script::new(move |call| match &*call.stream {
        "Order-slow" => Do::Wait(going.clone()),
        _ => Do::Work,
    });
    let app = start(at.open().await, &script, "r").await;
    place(&app, "slow", 1).await;
    place(&app, "a", 3).await;
    let last = place(&app, "b", 3).await;
    // The others are marked although the checkpoint cannot pass the slow one.
    let view = actum::store::ViewId { name: "reaction/Desk".into(), version: 0 };
    let marks = async || app.store().documents(&view, "d/", None, 99).await.expect("read").len();
    until("six are marked", async || marks().await == 6).await;
    let before = script.calls();
    drop(app);
    script.turn(|_| Do::Work);
    let app = start(at.open().await, &script, "r").await;
    settled(&app, last).await;
    let after: Vec<Call> = script.calls().split_off(before.len());
    let again = Call { stream: "Order-slow".to_owned(), version: 1, attempt: 1 };
    assert_eq!(after, [again]);
    until("the marks are gone", async || {
        app.store().documents(&view, "", None, 99).await.expect("read").is_empty()
    })
    .await;
}

async fn a_restart_goes_on_at_the_checkpoint(at: Place) {
    let script = Script::new(|_| Do::Work);
    for run in 1..=3 {
        let app = start(at.open().await, &script, "r").await;
        place(&app, "a", 1).await;
        let last = place(&app, "b", 1).await;
        settled(&app, last).await;
        app.shutdown(PATIENCE).await.expect("in time");
        assert_eq!(script.of("Order-a"), (1..=run).collect::<Vec<_>>());
        assert_eq!(script.of("Order-b"), (1..=run).collect::<Vec<_>>());
    }
}
