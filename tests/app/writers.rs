//! Several apps on one store, as by several processes.

use actum::prelude::*;

use crate::{
    counter::{Close, Counter, IsClosed, Open, count, folded, start},
    place::{Place, both},
};

both!(
    a_rejection_on_a_stale_state_is_decided_again,
    an_empty_answer_on_a_stale_state_is_decided_again,
    concurrent_writers_lose_and_double_nothing,
);

async fn a_rejection_on_a_stale_state_is_decided_again(place: Place) {
    let (one, two) = (start(place.open().await).await, start(place.open().await).await);
    for id in ["a", "b"] {
        two.act::<Counter>(id, Close {}).await.expect("closed, and in memory");
        one.act::<Counter>(id, Open {}).await.expect("opened by the other");
        let done = two.act::<Counter>(id, count(2)).await.expect("it is open now");
        assert_eq!(done.version, Version(4));
        one.act::<Counter>(id, Close {}).await.expect("closed by the other");
        let refused = two.act::<Counter>(id, count(1)).await;
        assert!(matches!(refused, Err(ActError::Rejected(IsClosed { at: 4 }))), "{refused:?}");
        assert_eq!(two.load::<Counter>(id).await.expect("a state").total, 4);
    }
}

async fn an_empty_answer_on_a_stale_state_is_decided_again(place: Place) {
    let (one, two) = (start(place.open().await).await, start(place.open().await).await);
    for id in ["a", "b"] {
        two.act::<Counter>(id, count(1)).await.expect("in memory");
        let last = one.act::<Counter>(id, Close {}).await.expect("closed by the other");
        let refused = two.act::<Counter>(id, count(0)).await;
        assert!(matches!(refused, Err(ActError::Rejected(IsClosed { at: 2 }))), "{refused:?}");
        assert_eq!(last.version, Version(3));
    }
}

async fn concurrent_writers_lose_and_double_nothing(place: Place) {
    const TASKS: usize = 8;
    const EACH: usize = 5;
    let (one, two) = (start(place.open().await).await, start(place.open().await).await);
    let mut tasks = tokio::task::JoinSet::new();
    for app in [&one, &two] {
        for _ in 0..TASKS {
            let app = app.clone();
            tasks.spawn(async move {
                let mut stored = [0, 0];
                for _ in 0..EACH {
                    for (id, stored) in ["a", "b"].into_iter().zip(&mut stored) {
                        match app.act::<Counter>(id, count(1)).await {
                            Ok(done) => *stored += done.events,
                            Err(ActError::Conflict(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
                stored
            });
        }
    }
    let stored = tasks.join_all().await;
    for (at, id) in ["a", "b"].into_iter().enumerate() {
        let sum: u64 = stored.iter().map(|each| each[at]).sum();
        assert!(sum > 0);
        for app in [&one, &two] {
            let state = app.load::<Counter>(id).await.expect("a state");
            assert_eq!((state.total, state.version()), (sum, Version(sum)));
        }
        assert_eq!(folded(&one, id).await.total, sum);
    }
}
