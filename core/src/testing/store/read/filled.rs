//! A log to read from, and what a query means for it in the plainest words.

use jiff::Timestamp;

use crate::{
    Committed, Id,
    store::{Batch, Direction, Expected, Query, Store},
    testing::store::{
        Outcome,
        failure::equal,
        steps::{all, correlated, event, ids, stream},
    },
};

pub(super) const STREAMS: [&str; 4] = ["Cart-1", "Cart-2", "Order-1", "Order-2"];
pub(super) const NAMES: [&str; 3] = ["Opened", "Changed", "Closed"];

/// A time of the filled log: it rises by one second with every batch, and twice it falls back.
pub(super) fn time(second: i64) -> Outcome<Timestamp> {
    Ok(Timestamp::from_microsecond(1_700_000_000_000_000 + second * 1_000_000)?)
}

/// 48 events of 3 names in 4 streams of 2 categories, with 2 correlations or none.
pub(super) async fn fill(store: &dyn Store) -> Outcome<Vec<Committed>> {
    let (mut streams, mut names) = (STREAMS.iter().cycle(), NAMES.iter().cycle());
    for round in 0..24 {
        let mut batch = Batch::default();
        for _ in 0..=(round % 3) {
            let (Some(name), Some(stream_name)) = (names.next(), streams.next()) else { break };
            let mut new = event(name, u64::try_from(round)?);
            new = match round % 3 {
                0 => correlated(new, "one")?,
                1 => correlated(new, "two")?,
                _ => new,
            };
            new.created = time(if round == 10 || round == 17 { round - 5 } else { round })?;
            batch = batch.and(stream(stream_name)?, Expected::Any, vec![new]);
        }
        store.append(batch).await?;
    }
    let log = all(store, Query::all()).await?;
    equal(&log.len(), &48, "events of the filled log")?;
    Ok(log)
}

/// What a query means, in the plainest words.
fn wanted(query: &Query, log: &[Committed]) -> Vec<Id> {
    let fits = |event: &&Committed| {
        query.stream.as_ref().is_none_or(|stream| event.stream == *stream)
            && (query.categories.is_empty()
                || query.categories.iter().any(|category| category == event.stream.category()))
            && (query.names.is_empty() || query.names.iter().any(|name| **name == *event.name))
            && query
                .correlation
                .as_ref()
                .is_none_or(|wanted| event.meta.correlation() == Some(wanted))
            && query.from_id.is_none_or(|from| from <= event.id)
            && query.to_id.is_none_or(|to| event.id <= to)
            && query.from_version.is_none_or(|from| from <= event.version)
            && query.to_version.is_none_or(|to| event.version <= to)
            && query.from_time.is_none_or(|from| from <= event.created)
            && query.to_time.is_none_or(|to| event.created <= to)
    };
    let mut ids: Vec<_> = log.iter().filter(fits).map(|event| event.id).collect();
    if query.direction == Direction::Backward {
        ids.reverse();
    }
    ids.truncate(query.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
    ids
}

/// Asks in both directions and compares with what the query means.
pub(super) async fn holds(store: &dyn Store, log: &[Committed], query: Query) -> Outcome {
    for query in [query.clone(), query.backward()] {
        let found = ids(store, query.clone()).await?;
        equal(&found, &wanted(&query, log), format_args!("the ids of {query:?}"))?;
    }
    Ok(())
}
