//! The order of the log: whoever has seen an id is never later shown a lower one.

use actum::{
    Id,
    store::{Expected, Log as _, Query},
};

use crate::log::{Log, START, batch, count, ids, read, session, until};

fn filters() -> [Query; 3] {
    [
        Query::all(),
        Query::all().category("Cart").category("Held"),
        Query::all().name("Counted").name("ByHand"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_what_is_drawn_and_not_committed_is_waited_for() {
    let Some(log) = Log::new() else { return };
    let (store, other) = (log.open().await, log.open().await);
    store.append(batch("Cart-1", Expected::Any)).await.unwrap();
    let held = log.begin("Held-1").await;
    other.append(batch("Cart-2", Expected::Any)).await.unwrap();
    for query in filters() {
        assert_eq!(ids(&store, query.clone()).await, [1]);
        assert_eq!(ids(&store, query.backward()).await, [1]);
    }
    assert_eq!(other.head().await.unwrap(), Id(1));
    held.batch_execute("commit").await.unwrap();
    for query in filters() {
        assert_eq!(ids(&store, query.after(Id(1))).await, [2, 3]);
    }
    assert_eq!(other.head().await.unwrap(), Id(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_what_is_rolled_back_is_not_waited_for() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let held = log.begin("Held-1").await;
    store.append(batch("Cart-1", Expected::Any)).await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [0; 0]);
    held.batch_execute("rollback").await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_the_older_transaction_may_have_the_higher_id() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let (older, younger) = (log.session().await, log.session().await);
    for session in [&older, &younger] {
        session.batch_execute("begin; select pg_current_xact_id()").await.unwrap();
    }
    log.append(&younger, "Cart-1", 1).await;
    log.append(&older, "Cart-2", 1).await;
    older.batch_execute("commit").await.unwrap();
    for query in filters() {
        assert_eq!(ids(&store, query).await, [0; 0]);
    }
    younger.batch_execute("commit").await.unwrap();
    for query in filters() {
        assert_eq!(ids(&store, query.after(START)).await, [1, 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_the_younger_transaction_may_have_the_higher_id() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let (older, younger) = (log.session().await, log.session().await);
    for session in [&older, &younger] {
        session.batch_execute("begin; select pg_current_xact_id()").await.unwrap();
    }
    log.append(&older, "Cart-1", 1).await;
    log.append(&younger, "Cart-2", 1).await;
    younger.batch_execute("commit").await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [0; 0]);
    older.batch_execute("commit").await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h6_foreign_transactions_hold_nothing() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let elsewhere = session(&log.url.replace("/test", "/postgres")).await;
    let here = log.session().await;
    for session in [&elsewhere, &here] {
        let sql = "begin isolation level repeatable read; select pg_current_xact_id();
            select pg_advisory_xact_lock_shared(7), pg_advisory_xact_lock_shared(0, 0)";
        session.batch_execute(sql).await.unwrap();
    }
    // Another log in the same database as well.
    let another = Log::at(&log.url);
    let foreign = another.open().await;
    let held = another.begin("Held-1").await;
    store.append(batch("Cart-1", Expected::Any)).await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [1]);
    assert_eq!(store.head().await.unwrap(), Id(1));
    assert!(store.holding().await.unwrap().is_empty());
    assert_eq!(foreign.holding().await.unwrap().len(), 1);
    held.batch_execute("rollback").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h7_the_feed_tells_who_holds_it_and_since_when() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    store.append(batch("Cart-1", Expected::Any)).await.unwrap();
    let held = log.begin("Held-1").await;
    held.batch_execute("set application_name = 'sleeper'").await.unwrap();
    let pid: i32 = held.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    // Other streams go on; readers wait.
    store.append(batch("Cart-2", Expected::Any)).await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [1]);
    let holders = store.holding().await.unwrap();
    let [holder] = &holders[..] else { panic!("{holders:?}") };
    assert_eq!((holder.pid, holder.id), (pid, Id(1)));
    assert_eq!(holder.application, "sleeper");
    let since = holder.since.expect("a superuser may know");
    assert!(since <= jiff::Timestamp::now());
    log.session().await.execute("select pg_terminate_backend($1)", &[&pid]).await.unwrap();
    until("the feed is free", async || ids(&store, Query::all()).await == [1, 3]).await;
    assert!(store.holding().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn h16_ids_are_wide_from_end_to_end() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let session = log.session().await;
    for start in [(1_i64 << 31) - 3, (1 << 32) - 3, (1 << 53) - 3, i64::MAX - 100] {
        let sql = format!("select setval('\"{}\".ids', {start})", log.schema);
        session.batch_execute(&sql).await.unwrap();
        let base = u64::try_from(start).unwrap();
        let held = log.begin("Held-1").await;
        assert_eq!(store.holding().await.unwrap()[0].id, Id(base));
        for _ in 0..5 {
            store.append(batch("Cart-1", Expected::Any)).await.unwrap();
        }
        assert_eq!(ids(&store, Query::all().after(Id(base))).await, [0; 0]);
        held.batch_execute("commit").await.unwrap();
        let expected: Vec<_> = (1..=6).map(|n| base + n).collect();
        assert_eq!(ids(&store, Query::all().after(Id(base))).await, expected);
        assert_eq!(store.head().await.unwrap(), Id(base + 6));
    }
    let versions = read(&store, Query::stream("Cart-1".parse().unwrap())).await.unwrap();
    assert_eq!(versions.len(), 20);
    assert_eq!(count(&session, &log.schema).await, 24);
}
