//! The steps that the rules are made of: events to append, reads to the end, racing tasks.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::{sync::Barrier, task::JoinSet};

use super::{
    Failure, Outcome,
    failure::{ensure, equal},
};
use crate::{
    Committed, Conflict, Error, Id, Json, Meta, MetaFields, Result, StreamId,
    store::{Appended, Batch, Expected, Log, NewEvent, Query},
};

/// Longer than any wait on a store that works.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(in crate::testing) fn stream(name: &str) -> Outcome<StreamId> {
    Ok(name.parse()?)
}

/// An event that its number tells from others.
pub(super) fn event(name: &'static str, number: u64) -> NewEvent {
    let data = Json::from_stored(format!(r#"{{"number":{number}}}"#).into_bytes());
    NewEvent::new(name, data)
}

pub(super) fn events(name: &'static str, count: u64) -> Vec<NewEvent> {
    (1..=count).map(|number| event(name, number)).collect()
}

pub(super) fn correlated(event: NewEvent, correlation: &str) -> Outcome<NewEvent> {
    let fields = MetaFields { correlation: Some(correlation.to_owned()), ..MetaFields::default() };
    Ok(NewEvent { meta: Meta::new(fields)?, ..event })
}

/// A batch of some events for one stream.
pub(super) fn batch(name: &str, expected: Expected, count: u64) -> Outcome<Batch> {
    Ok(Batch::new(stream(name)?, expected, events("Happened", count)))
}

/// Appends some events to a stream, whatever its version.
pub(super) async fn put(log: &(impl Log + ?Sized), name: &str, count: u64) -> Outcome<Appended> {
    Ok(log.append(batch(name, Expected::Any, count)?).await?)
}

/// Reads to the end and checks what holds for all pages.
pub(in crate::testing) async fn all(
    log: &(impl Log + ?Sized),
    query: Query,
) -> Outcome<Vec<Committed>> {
    let mut events = Vec::new();
    let mut pages = log.read(query);
    while let Some(page) = pages.next().await {
        let page = page?;
        ensure(!page.is_empty(), "a page of a read has no event")?;
        events.extend(page);
    }
    Ok(events)
}

/// Reads to the end and keeps the ids.
pub(super) async fn ids(log: &(impl Log + ?Sized), query: Query) -> Outcome<Vec<Id>> {
    Ok(all(log, query).await?.iter().map(|event| event.id).collect())
}

/// How many events a stream has.
pub(super) async fn count(log: &(impl Log + ?Sized), name: &str) -> Outcome<usize> {
    Ok(all(log, Query::stream(stream(name)?)).await?.len())
}

/// Demands that an append was refused for an expectation.
#[track_caller]
pub(super) fn conflict(answer: Result<Appended>) -> Outcome<Conflict> {
    match answer {
        Err(Error::Conflict(conflict)) => Ok(conflict),
        other => Err(Failure::new(format_args!("this should be a conflict: {other:?}"))),
    }
}

/// Demands that an append was refused as no store's business.
#[track_caller]
pub(super) fn invalid(answer: &Result<Appended>) -> Outcome {
    ensure(
        matches!(answer, Err(Error::InvalidBatch { .. })),
        format_args!("this should be an invalid batch: {answer:?}"),
    )
}

/// Demands that the log is as it was: the same events, and the same head.
pub(super) async fn unchanged(
    log: &(impl Log + ?Sized),
    before: &[Committed],
    what: &str,
) -> Outcome {
    equal(&all(log, Query::all()).await?, before, what)
}

/// Starts all tasks at once and waits for their answers, in the order of the tasks.
pub(in crate::testing) async fn race<T, F>(tasks: impl IntoIterator<Item = F>) -> Outcome<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = tasks.into_iter().collect();
    let barrier = Arc::new(Barrier::new(tasks.len()));
    let mut set = JoinSet::new();
    for (at, task) in tasks.into_iter().enumerate() {
        let barrier = Arc::clone(&barrier);
        set.spawn(async move {
            barrier.wait().await;
            (at, task.await)
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = set.join_next().await {
        answers.push(answer?);
    }
    answers.sort_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// Waits for something that a store which works does soon.
pub(in crate::testing) async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> Outcome<T> {
    tokio::time::timeout(PATIENCE, wait)
        .await
        .map_err(|_| Failure::new(format_args!("waited in vain: {what}")))
}
