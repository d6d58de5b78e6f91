//! H16: ids, versions and checkpoints are 64 bits wide from end to end.

use super::{
    Outcome, Positioned,
    failure::{ensure, equal},
    snapshots::snapshot,
    steps::{all, batch, events, ids, stream},
    views::{commit, document, stands, view},
};
use crate::{
    Id,
    store::{Expected, Key, Query, Snapshot, Snapshots},
};

/// Ids around 2^31 are whole.
pub async fn ids_around_2_to_the_31(subject: &dyn Positioned) -> Outcome {
    ids_behind(subject, (1 << 31) - 3).await
}

/// Ids around 2^32 are whole.
pub async fn ids_around_2_to_the_32(subject: &dyn Positioned) -> Outcome {
    ids_behind(subject, (1 << 32) - 3).await
}

/// Ids around 2^53, from where on an `f64` is no longer exact, are whole.
pub async fn ids_around_2_to_the_53(subject: &dyn Positioned) -> Outcome {
    ids_behind(subject, (1 << 53) - 3).await
}

async fn ids_behind(subject: &dyn Positioned, start: u64) -> Outcome {
    let store = subject.starting_after(Id(start)).await?;
    let key = Key::new("request-1", [&b"content"[..]]);
    let mut last = Id(start);
    for round in 0..4_u64 {
        let mut batch = batch(&format!("Cart-{}", round % 2), Expected::Any, 2)?;
        batch = batch.and(stream("Order-1")?, Expected::Any, events("Happened", 1));
        if round == 0 {
            batch = batch.key(key.clone());
        }
        let appended = store.append(batch).await?;
        for placed in appended.placed {
            ensure(placed.first > last, format_args!("id {} after {last}", placed.first))?;
            last = placed.last;
        }
    }
    ensure(store.head().await? >= last, "the head is behind the last event")?;
    let log = ids(&*store, Query::all()).await?;
    equal(&log.len(), &12, "events")?;
    ensure(log.is_sorted_by(|one, other| one < other), format_args!("ids as read: {log:?}"))?;
    equal(&log.last(), &Some(&last), "the last id")?;
    for (at, id) in log.iter().enumerate() {
        let rest = log.get(at + 1..).unwrap_or_default();
        equal(&ids(&*store, Query::all().after(*id)).await?, rest, "the ids behind an id")?;
        let upto = ids(&*store, Query::all().to_id(*id)).await?;
        equal(&upto.len(), &(at + 1), "events up to an id")?;
        let one = Query::stream(stream("Order-1")?).from_id(*id).to_id(*id);
        ensure(all(&*store, one).await?.len() < 2, "one id is that of two events")?;
    }
    let keyed = store.keyed("request-1").await?;
    let first = keyed.and_then(|keyed| keyed.appended.placed.first().copied());
    equal(&first.map(|placed| Some(placed.first)), &Some(log.first().copied()), "a key's outcome")?;
    let kept = Snapshot { id: last, ..snapshot("Cart-1", start, "shape")? };
    store.save_snapshot(kept.clone()).await?;
    let found = Snapshots::snapshot(&*store, &stream("Cart-1")?).await?;
    equal(&found, &Some(kept), "a snapshot")?;
    let sales = view("Sales", 1);
    store.commit(commit(&sales, 0, last.0, vec![document("", "far")?])).await?;
    store.commit(commit(&sales, last.0, last.0 + 1, Vec::new())).await?;
    stands(&*store, &sales, last.0 + 1, ("", Some("far"))).await
}
