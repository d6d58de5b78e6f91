//! Lost answers and lost connections.

use actum::{
    App, Error, Id,
    store::{Batch, Expected, Key, Log as _, Query},
};

use crate::{
    load::{Counts, Load, Tally},
    log::{Log, batch, count, event, ids, stream, until},
    proxy::{MARK, Proxy},
};

#[tokio::test(flavor = "multi_thread")]
async fn h5_an_append_whose_answer_was_lost_is_stored_once() {
    let Some(log) = Log::new() else { return };
    let proxy = Proxy::start(&log.url).await;
    let store = log.options().connect(&proxy.url).await.unwrap();
    let request = |print: &[u8]| {
        Batch::new(stream("Cart-1"), Expected::Empty, vec![event(&MARK)])
            .and(stream("Cart-2"), Expected::Any, vec![event(&MARK), event(&2)])
            .key(Key::new("request-1", [print]))
    };
    // So that the statement is prepared on each connection.
    store.append(batch("Other-1", Expected::Any)).await.unwrap();
    proxy.cut();
    let lost = store.append(request(b"same")).await;
    assert!(proxy.is_cut());
    assert!(matches!(lost, Err(Error::Store { .. })), "{lost:?}");
    let session = log.session().await;
    assert_eq!(count(&session, &log.schema).await, 4);
    let again = store.append(request(b"same")).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.placed.iter().map(|placed| placed.last.0).collect::<Vec<_>>(), [2, 4]);
    let other = store.append(request(b"other")).await;
    assert!(matches!(other, Err(Error::KeyReused { .. })), "{other:?}");
    assert_eq!(count(&session, &log.schema).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_answers_lost_under_load_lose_and_double_nothing() {
    let Some(log) = Log::new() else { return };
    let proxy = Proxy::start(&log.url).await;
    let store = log.options().connect(&proxy.url).await.unwrap();
    let app = App::new(store.clone()).with::<Tally>().project::<Counts>().start().await.unwrap();
    let load = Load::start(&app, 4);
    for _ in 0..30 {
        proxy.cut();
        until("an answer is lost", async || proxy.is_cut()).await;
        load.more(5).await;
    }
    let acknowledged = load.end().await;
    let head = store.head().await.unwrap();
    let counts = app.view::<Counts>().after(head).await.unwrap();
    assert_eq!((counts.streams, counts.wrong), (acknowledged, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn terminated_sessions_are_replaced() {
    let Some(log) = Log::new() else { return };
    let application = log.schema.clone();
    let store = log.options().application(&application).connect(&log.url).await.unwrap();
    store.append(batch("Cart-1", Expected::Any)).await.unwrap();
    let other = log.open().await;
    let mut watch = store.watch();
    let session = log.session().await;
    let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name = $1";
    let ended: i64 = session.query_one(sql, &[&application]).await.unwrap().get(0);
    assert!(ended >= 3, "{ended} sessions");
    until("appends go on", async || store.append(batch("Cart-1", Expected::Any)).await.is_ok())
        .await;
    assert!(ids(&store, Query::all()).await.len() >= 2);
    // The wake-ups of another process come through again.
    let limit = std::time::Duration::from_millis(200);
    until("the listener is back", async || {
        let id = other.append(batch("Cart-2", Expected::Any)).await.unwrap().id();
        let woken = async { while watch.grown().await < id {} };
        tokio::time::timeout(limit, woken).await.is_ok()
    })
    .await;
    assert!(store.head().await.unwrap() > Id(2));
}
