//! What the other ports and the queries do here, beyond the conformance suite.

use actum::{
    Id,
    store::{Batch, Expected, Log as _, Query},
};

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
