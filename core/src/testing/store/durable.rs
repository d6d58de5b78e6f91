//! What was acknowledged is there when the store is opened again.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Outcome, Reopen,
    failure::{ensure, equal},
    snapshots::snapshot,
    steps::{all, batch, conflict, events, put, stream},
    views::{commit, document, stands, view},
};
use crate::{
    Version,
    store::{Appended, Expected, Key, Query, Snapshots, Store},
};

/// Closes the last handle and opens the place again.
async fn reopened(subject: &dyn Reopen, store: Arc<dyn Store>) -> Outcome<Arc<dyn Store>> {
    drop(store);
    Ok(subject.open().await?)
}

/// Every acknowledged event is there, the last as well, and the log goes on behind it.
pub async fn events_survive(subject: &dyn Reopen) -> Outcome {
    let mut store = subject.fresh().await?;
    for round in 0..3_u64 {
        let both = batch("Cart-1", Expected::Version(Version(round * 2)), 2)?.and(
            stream("Cart-2")?,
            Expected::Any,
            events("Happened", 1),
        );
        let last = store.append(both).await?.id();
        let before = all(&*store, Query::all()).await?;
        store = reopened(subject, store).await?;
        equal(&all(&*store, Query::all()).await?, &before, "the log when opened again")?;
        ensure(store.head().await? >= last, "the head when opened again is too low")?;
        let next = put(&*store, "Order-1", 1).await?;
        ensure(next.id() > last, format_args!("id {} was given after {last}", next.id()))?;
    }
    Ok(())
}

/// Expectations hold for what was stored before the store was closed.
pub async fn versions_survive(subject: &dyn Reopen) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 3).await?;
    put(&*store, "Cart-2", 1).await?;
    let store = reopened(subject, store).await?;
    conflict(store.append(batch("Cart-1", Expected::Empty, 1)?).await)?;
    let told = conflict(store.append(batch("Cart-1", Expected::Version(Version(2)), 1)?).await)?;
    equal(&told.actual, &Version(3), "the version that a conflict tells")?;
    store.append(batch("Cart-1", Expected::Version(Version(3)), 1)?).await?;
    Ok(())
}

/// A key is known after the store was opened again.
pub async fn keys_survive(subject: &dyn Reopen) -> Outcome {
    let store = subject.fresh().await?;
    let key = Key::new("request-1", [&b"content"[..]]);
    let keyed = || Outcome::Ok(batch("Cart-1", Expected::Empty, 2)?.key(key.clone()));
    put(&*store, "Cart-2", 1).await?;
    let first = store.append(keyed()?).await?;
    let store = reopened(subject, store).await?;
    let again = store.append(keyed()?).await?;
    equal(&again, &Appended { repeated: true, ..first }, "the repeated outcome")?;
    equal(&all(&*store, Query::all()).await?.len(), &3, "events")
}

/// Snapshots, views and their checkpoints are there when the store is opened again.
pub async fn snapshots_and_views_survive(subject: &dyn Reopen) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 2));
    for name in ["Cart-1", "Cart-2"] {
        store.save_snapshot(snapshot(name, 4, "shape")?).await?;
    }
    store.commit(commit(&sales, 0, 5, vec![document("a", "sales")?])).await?;
    store.commit(commit(&stock, 0, 6, vec![document("a", "stock")?])).await?;
    store.commit(commit(&view("Gone", 1), 0, 6, Vec::new())).await?;
    store.reset(&view("Gone", 1)).await?;
    let store = reopened(subject, store).await?;
    for name in ["Cart-1", "Cart-2"] {
        let found = Snapshots::snapshot(&*store, &stream(name)?).await?;
        equal(&found, &Some(snapshot(name, 4, "shape")?), "a snapshot")?;
    }
    stands(&*store, &sales, 5, ("a", Some("sales"))).await?;
    stands(&*store, &stock, 6, ("a", Some("stock"))).await?;
    stands(&*store, &view("Gone", 1), 0, ("a", None)).await
}

/// A lease outlives the process of its holder, and so does its token.
pub async fn leases_survive(subject: &dyn Reopen) -> Outcome {
    let store = subject.fresh().await?;
    let (now, ttl) = (Timestamp::from_second(1_800_000_000)?, Duration::from_secs(30));
    let first = store.acquire("Sales", "one", now, ttl).await?;
    let store = reopened(subject, store).await?;
    equal(&store.acquire("Sales", "two", now, ttl).await?, &None, "a lease that is held")?;
    let second = store.acquire("Sales", "two", now + ttl, ttl).await?;
    let tokens = first.zip(second).map(|(first, second)| (first.token, second.token));
    ensure(
        tokens.is_some_and(|(first, second)| first < second),
        format_args!("the tokens of two holders in turn: {tokens:?}"),
    )
}
