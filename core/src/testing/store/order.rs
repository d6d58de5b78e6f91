//! The order of the log: ids are the order of the commits, and a reader's cursor misses nothing.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::task::JoinHandle;

use super::{
    Outcome, Subject,
    failure::{ensure, equal},
    steps::{all, correlated, event, ids, put, race, soon, stream},
};
use crate::{
    Committed, Id,
    store::{Batch, Expected, Query, Store},
};

const WRITERS: u64 = 8;
const ROUNDS: u64 = 40;

/// 8 writers at work on 5 streams of 2 categories, in batches of 1 to 3 events.
fn write(store: &Arc<dyn Store>) -> JoinHandle<Outcome<Vec<Outcome>>> {
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(store);
        async move {
            for round in 0..ROUNDS {
                let number = writer * 1_000 + round;
                let name = if round % 5 == 0 { "Rare" } else { "Common" };
                let new = correlated(event(name, number), if writer == 3 { "one" } else { "two" })?;
                let category = if writer % 2 == 0 { "Cart" } else { "Order" };
                let target = stream(&format!("{category}-{}", number % 3))?;
                let mut batch = Batch::new(target, Expected::Any, vec![new.clone()]);
                if round % 4 == 0 {
                    let twice = vec![new.clone(), new];
                    batch = batch.and(stream(&format!("Own-{writer}"))?, Expected::Any, twice);
                }
                store.append(batch).await?;
            }
            Ok(())
        }
    });
    tokio::spawn(race(writers.collect::<Vec<_>>()))
}

/// Follows the log with the last id as its only memory, until the writers have finished and the
/// reader has caught up.
async fn tail(store: Arc<dyn Store>, query: Query, last: Arc<AtomicU64>) -> Outcome<Vec<Id>> {
    let mut seen = Vec::new();
    let mut cursor = Id(0);
    loop {
        let end = last.load(Ordering::Acquire);
        let new = ids(&*store, query.clone().after(cursor)).await?;
        cursor = new.last().copied().unwrap_or(cursor);
        let idle = new.is_empty();
        seen.extend(new);
        if idle && end > 0 {
            return Ok(seen);
        }
        tokio::task::yield_now().await;
    }
}

/// Ids increase from append to append, over all streams, in the order of the answers.
pub async fn ids_increase_from_append_to_append(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let mut last = Id(0);
    for round in 0..30_u64 {
        let appended = put(&*store, &format!("Cart-{}", round % 3), round % 4 + 1).await?;
        let first = appended.placed.first().map(|placed| placed.first).unwrap_or_default();
        ensure(first > last, format_args!("id {first} was given after {last}"))?;
        last = appended.id();
    }
    let ids = ids(&*store, Query::all()).await?;
    ensure(ids.is_sorted_by(|one, other| one < other), format_args!("ids as read: {ids:?}"))
}

/// Under concurrent writers, ids and versions increase together, and each writer's own appends
/// stand in the order in which it made them.
pub async fn order_holds_under_concurrent_writers(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for answer in write(&store).await?? {
        answer?;
    }
    let log = all(&*store, Query::all()).await?;
    let mut versions = HashMap::new();
    let mut writers = HashMap::new();
    let mut last = Id(0);
    for event in log {
        ensure(event.id > last, format_args!("id {} stands after {last}", event.id))?;
        last = event.id;
        let version = versions.entry(event.stream.clone()).or_insert(0);
        *version += 1;
        equal(&event.version.0, version, format_args!("a version of {}", event.stream))?;
        in_turn(&mut writers, &event)?;
    }
    Ok(())
}

fn in_turn(writers: &mut HashMap<u64, u64>, event: &Committed) -> Outcome {
    let number: HashMap<String, u64> = event.data.decode()?;
    let number = number.get("number").copied().unwrap_or_default();
    let before = writers.insert(number / 1_000, number).unwrap_or_default();
    ensure(before <= number, format_args!("{before} stands before {number} of the same writer"))
}

/// H2: readers that follow the log by the last id they saw, with and without filters, see every
/// event exactly once while 8 writers are at work.
pub async fn tailing_readers_see_every_event_once(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let last = Arc::new(AtomicU64::new(0));
    let queries = [
        Query::all(),
        Query::all().without_meta(),
        Query::all().limit(3),
        Query::all().name("Rare"),
        Query::all().category("Order"),
        Query::all().correlation("one"),
        Query::stream(stream("Cart-0")?),
    ];
    let readers = queries
        .clone()
        .map(|query| tokio::spawn(tail(Arc::clone(&store), query, Arc::clone(&last))));
    for answer in write(&store).await?? {
        answer?;
    }
    last.store(store.head().await?.0, Ordering::Release);
    for (reader, query) in readers.into_iter().zip(queries) {
        let seen = reader.await??;
        let wanted = ids(&*store, Query { limit: None, ..query.clone() }).await?;
        ensure(!wanted.is_empty(), "the writers have written nothing for a reader")?;
        equal(&seen, &wanted, format_args!("what a reader saw who followed {query:?}"))?;
    }
    Ok(())
}

/// What a read up to the head shows is final: nothing appears below the head later.
pub async fn head_never_runs_ahead_of_reads(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    equal(&store.head().await?, &Id(0), "the head of an empty store")?;
    let mut writing = write(&store);
    let mut shown = Vec::new();
    let mut head = Id(0);
    let mut finished = false;
    while !finished {
        finished = futures_util::FutureExt::now_or_never(&mut writing).transpose()?.is_some();
        let next = store.head().await?;
        ensure(next >= head, format_args!("the head went back from {head} to {next}"))?;
        head = next;
        shown.push((head, ids(&*store, Query::all().to_id(head)).await?.len()));
        tokio::task::yield_now().await;
    }
    let log = ids(&*store, Query::all()).await?;
    for (head, count) in shown {
        let below = log.iter().filter(|id| **id <= head).count();
        equal(&count, &below, format_args!("events up to the head {head} when it was the head"))?;
    }
    let last = log.last().copied().unwrap_or_default();
    ensure(store.head().await? >= last, "the head at rest is behind the last event")
}

/// What was acknowledged is read at once while no other append is under way.
pub async fn acknowledged_events_are_read_at_once(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for round in 0..12_u64 {
        let name = format!("Cart-{}", round % 3);
        let id = put(&*store, &name, 1).await?.id();
        let head = store.head().await?;
        ensure(head >= id, format_args!("the head is {head} after {id} was acknowledged"))?;
        for query in [Query::all(), Query::stream(stream(&name)?), Query::all().from_id(id)] {
            let found = ids(&*store, query).await?;
            equal(&found.last(), &Some(&id), "the last event right after the answer")?;
        }
    }
    Ok(())
}

/// Among other callers, one's own stream is read at once, and the whole log shows the event soon.
pub async fn own_stream_is_read_at_once_among_others(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let callers = (0..WRITERS).map(|caller| {
        let store = Arc::clone(&store);
        async move {
            let name = format!("Cart-{caller}");
            for round in 1..=10 {
                let id = put(&*store, &name, 1).await?.id();
                let found = ids(&*store, Query::stream(stream(&name)?)).await?;
                equal(&found.len(), &round, "own events right after the answer")?;
                equal(&found.last(), &Some(&id), "the event right after the answer")?;
                let shown = Query::all().from_id(id).to_id(id);
                soon("an acknowledged event in the whole log", async {
                    while ids(&*store, shown.clone()).await?.is_empty() {
                        tokio::task::yield_now().await;
                    }
                    Outcome::Ok(())
                })
                .await??;
            }
            Outcome::Ok(())
        }
    });
    race(callers).await?.into_iter().collect()
}
