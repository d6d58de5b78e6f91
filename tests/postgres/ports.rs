//! What the other ports and the queries do here, beyond the conformance suite.

use actum::{
    Id,
    store::{Batch, Expected, Log as _, Query},
};
use futures_util::StreamExt;
use tokio::time::{Duration, timeout};

use crate::log::{Log, event, ids, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_goes_page_by_page_in_both_directions() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    for at in 0..25 {
        let events = (0..100).map(|n| event(&n)).collect();
        let name = format!("Cart-{}", at % 2);
        store.append(Batch::new(stream(&name), Expected::Any, events)).await.unwrap();
    }
    let all: Vec<u64> = (1..=2500).collect();
    let reversed: Vec<u64> = (1..=2500).rev().collect();
    assert_eq!(ids(&store, Query::all()).await, all);
    assert_eq!(ids(&store, Query::all().backward()).await, reversed);
    assert_eq!(ids(&store, Query::all().backward().limit(1001)).await, reversed[..1001]);
    let one = ids(&store, Query::stream(stream("Cart-0"))).await;
    assert_eq!(one.len(), 1300);
    let backward = Query::stream(stream("Cart-0")).backward();
    assert_eq!(ids(&store, backward).await, one.iter().rev().copied().collect::<Vec<_>>());
    let some = Query::all().after(Id(2000)).to_id(Id(2003));
    assert_eq!(ids(&store, some).await, [2001, 2002, 2003]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_slow_leaves_the_connections_to_others() {
    let Some(log) = Log::new() else { return };
    // One connection for all: the reader, and what it asks for while it holds a page.
    let store = log.options().readers(1).connect(&log.url).await.unwrap();
    for at in 0..12 {
        let events = (0..500).map(|n| event(&n)).collect();
        let name = format!("Cart-{}", at % 2);
        store.append(Batch::new(stream(&name), Expected::Any, events)).await.unwrap();
    }
    let mut pages = store.read(Query::all());
    let mut found = pages.next().await.unwrap().unwrap();
    for _ in 0..3 {
        let head = timeout(Duration::from_secs(20), store.head()).await;
        assert_eq!(head.expect("the reader holds the connection").unwrap(), Id(6000));
        found.extend(pages.next().await.unwrap().unwrap());
    }
    while let Some(page) = pages.next().await {
        found.extend(page.unwrap());
    }
    assert!(found.iter().map(|event| event.id.0).eq(1..=6000));
    let streams = (0..6000).map(|at| stream(&format!("Cart-{}", at / 500 % 2)));
    assert!(found.into_iter().map(|event| event.stream).eq(streams));
}
