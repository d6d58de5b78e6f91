//! Who may append: expectations, keys and batches under races.

use actum::{
    Error, Version,
    store::{Batch, Expected, Key, Log as _, Query},
};
use futures_util::{FutureExt, future::join_all};
use tokio::time::{Duration, timeout};
use tokio_postgres::Client;

use crate::log::{Log, batch, event, ids, read, stream, until};

#[tokio::test(flavor = "multi_thread")]
async fn h1_of_many_racers_on_many_connections_one_wins() {
    let Some(log) = Log::new() else { return };
    let stores = join_all((0..4).map(|_| log.open())).await;
    for round in 0..25 {
        let name = format!("Race-{round}");
        for expected in [Expected::Empty, Expected::Version(Version(1))] {
            let racers = (0..16).map(|at| stores[at % 4].append(batch(&name, expected)));
            let outcomes = join_all(racers).await;
            let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(won, 1, "round {round}, {expected:?}");
            for error in outcomes.into_iter().filter_map(Result::err) {
                let Error::Conflict(conflict) = error else { panic!("{error:?}") };
                assert_eq!(
                    conflict.actual,
                    Version(if expected == Expected::Empty { 1 } else { 2 })
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h4_an_append_in_between_is_a_conflict_or_comes_first() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    // By hand and without the store's lock of the stream: only the unique index is left.
    for (name, expected) in [("Gap-1", Expected::Empty), ("Gap-2", Expected::Any)] {
        let session = log.session().await;
        session.batch_execute("begin").await.unwrap();
        log.append(&session, name, 1).await;
        let waiting = store.append(batch(name, expected));
        let (outcome, ()) = tokio::join!(waiting, async {
            tokio::task::yield_now().await;
            session.batch_execute("commit").await.unwrap();
        });
        if expected == Expected::Any {
            assert_eq!(outcome.unwrap().placed[0].version, Version(2));
        } else {
            let Err(Error::Conflict(conflict)) = outcome else { panic!("{outcome:?}") };
            assert_eq!(conflict.actual, Version(1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_call_each_request_has_its_own_verdict() {
    let Some(log) = Log::new() else { return };
    let store = log.options().writers(1).connect(&log.url).await.unwrap();
    store.append(batch("Old-1", Expected::Empty)).await.unwrap();
    let outcomes = join_all((0..40).map(|at| {
        let expected = if at % 2 == 0 { Expected::Any } else { Expected::Version(Version(7)) };
        store.append(batch(&format!("Cart-{}", at % 10), expected))
    }))
    .await;
    for (at, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), at % 2 == 0, "{at}: {outcome:?}");
    }
    for at in (0..10).step_by(2) {
        let events = read(&store, Query::stream(stream(&format!("Cart-{at}")))).await.unwrap();
        let versions: Vec<_> = events.iter().map(|event| event.version.0).collect();
        assert_eq!(versions, [1, 2, 3, 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_the_server_refuses_fails_alone() {
    let Some(log) = Log::new() else { return };
    let store = log.options().writers(1).connect(&log.url).await.unwrap();
    let outcomes = join_all((0..20).map(|at| {
        let mut batch = batch(&format!("Cart-{at}"), Expected::Empty);
        if at == 7 {
            batch.writes[0].events[0].data = actum::Json::from_stored(&b"\"\xff\""[..]);
        }
        store.append(batch)
    }))
    .await;
    for (at, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), at != 7, "{at}: {outcome:?}");
    }
    assert_eq!(ids(&store, Query::all()).await.len(), 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_checks_that_cross_do_not_both_hold() {
    let Some(log) = Log::new() else { return };
    let stores = join_all((0..4).map(|_| log.open())).await;
    for round in 0..50 {
        let (left, right) = (format!("Left-{round}"), format!("Right-{round}"));
        let crossed = |on: &str, check: &str| {
            batch(on, Expected::Any).and(stream(check), Expected::Empty, vec![])
        };
        let (one, other) = tokio::join!(
            stores[0].append(crossed(&left, &right)),
            stores[1].append(crossed(&right, &left)),
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_over_the_same_streams_in_any_order_do_not_deadlock() {
    let Some(log) = Log::new() else { return };
    let stores = join_all((0..4).map(|_| log.open())).await;
    let outcomes = join_all((0..200).map(|round| {
        let mut names: Vec<_> = (0..6).map(|at| format!("Knot-{at}")).collect();
        fastrand::shuffle(&mut names);
        let whole = names.into_iter().fold(Batch::default(), |whole, name| {
            whole.and(stream(&name), Expected::Any, vec![event(&round)])
        });
        stores[round % 4].append(whole)
    }))
    .await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(ids(&stores[0], Query::all()).await.len(), 200 * 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_from_many_connections_is_stored_once() {
    let Some(log) = Log::new() else { return };
    let stores = join_all((0..4).map(|_| log.open())).await;
    for round in 0..20 {
        let key = |print: &[u8]| Key::new(format!("request-{round}"), [print]);
        let request = |at: usize| {
            let print = if at % 8 == 7 { b"other".as_slice() } else { b"same" };
            stores[at % 4].append(batch(&format!("Cart-{round}"), Expected::Empty).key(key(print)))
        };
        let outcomes = join_all((0..16).map(request)).await;
        let fresh = outcomes.iter().flatten().filter(|appended| !appended.repeated).count();
        assert_eq!(fresh, 1);
        let first = stores[0].keyed(&format!("request-{round}")).await.unwrap().unwrap();
        for outcome in outcomes {
            match outcome {
                Ok(appended) => assert_eq!(appended.placed, first.appended.placed),
                Err(error) => assert!(matches!(error, Error::KeyReused { .. }), "{error:?}"),
            }
        }
    }
    assert_eq!(ids(&stores[0], Query::all()).await.len(), 20);
}

/// Waits until an append waits for a stream that another session holds.
async fn blocked(log: &Log) {
    let session = log.session().await;
    let sql = format!(
        "select from pg_locks where locktype = 'advisory' and not granted
            and classid = '\"{}\".events'::regclass",
        log.schema
    );
    until("the append waits for the stream", async || {
        !session.query(&sql, &[]).await.unwrap().is_empty()
    })
    .await;
}

/// Another program's append that holds a stream.
async fn holder(log: &Log, name: &str) -> Client {
    let session = log.session().await;
    let lock = format!(
        "begin; select pg_advisory_xact_lock('\"{}\".events'::regclass::oid::integer, {})",
        log.schema,
        lock(name),
    );
    session.batch_execute(&lock).await.unwrap();
    session
}

/// What stands for a stream in the table of locks, as all programs must agree.
fn lock(name: &str) -> i32 {
    let bytes = b"stream:".iter().chain(name.as_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u32::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap().cast_signed()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_nobody_waits_for_any_more_is_in_nobodys_way() {
    let Some(log) = Log::new() else { return };
    let store = log.options().writers(1).connect(&log.url).await.unwrap();
    let held = holder(&log, "Cart-1").await;
    let lone = store.clone();
    let given_up = tokio::spawn(async move { lone.append(batch("Cart-1", Expected::Any)).await });
    blocked(&log).await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    let other = store.append(batch("Cart-2", Expected::Empty));
    let other = timeout(Duration::from_secs(20), other).await;
    other.expect("it waits behind the one that was given up").unwrap();
    held.batch_execute("rollback").await.unwrap();
    store.append(batch("Cart-1", Expected::Any)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_waits_for_the_append_of_a_lone_caller() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    store.append(batch("Cart-2", Expected::Empty)).await.unwrap();
    let held = holder(&log, "Cart-1").await;
    let lone = store.clone();
    let append = tokio::spawn(async move { lone.append(batch("Cart-1", Expected::Any)).await });
    blocked(&log).await;
    let mut close = Box::pin(store.close());
    for _ in 0..1000 {
        assert!((&mut close).now_or_never().is_none(), "it has left an append behind");
        tokio::task::yield_now().await;
    }
    held.batch_execute("rollback").await.unwrap();
    close.await;
    append.await.unwrap().unwrap();
    assert!(matches!(
        store.append(batch("Cart-2", Expected::Any)).await,
        Err(Error::Closed { .. })
    ));
}
