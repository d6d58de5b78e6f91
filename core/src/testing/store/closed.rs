//! Closed streams: nothing follows what closes one, and its other events can be removed.

use std::sync::Arc;

use super::{
    Outcome, Subject,
    failure::{Failure, ensure, equal},
    steps::{all, batch, conflict, event, events, ids, invalid, put, race, stream, unchanged},
};
use crate::{
    Closed, Error, Event, Json, StreamClosed, Version,
    store::{Appended, Batch, Expected, Key, NewEvent, Query},
};

/// What closes a stream.
fn closing() -> NewEvent {
    NewEvent::new(Closed::NAME, Json::from_stored(&b"{}"[..]))
}

/// Some events, and then what closes the stream.
fn last(name: &str, expected: Expected, count: u64) -> Outcome<Batch> {
    let mut new = events("Happened", count);
    new.push(closing());
    Ok(Batch::new(stream(name)?, expected, new))
}

/// Demands that an append was refused for a closed stream.
#[track_caller]
fn closed(answer: crate::Result<Appended>) -> Outcome<StreamClosed> {
    match answer {
        Err(Error::StreamClosed(closed)) => Ok(closed),
        other => Err(Failure::new(format_args!("this should be a closed stream: {other:?}"))),
    }
}

/// A closed stream takes no more events, whatever is expected of it; the others do.
pub async fn closed_stream_takes_no_more_events(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 2).await?;
    store.append(last("Cart-1", Expected::Empty, 2)?).await?;
    let found = all(&*store, Query::stream(stream("Cart-1")?).backward().limit(1)).await?;
    let at = found.first().map(|event| event.created).unwrap_or_default();
    let before = all(&*store, Query::all()).await?;
    let three = Expected::Version(Version(3));
    for expected in [three, Expected::Any, Expected::Exists, Expected::Empty] {
        let told = closed(store.append(batch("Cart-1", expected, 1)?).await)?;
        equal(&told, &StreamClosed::new(stream("Cart-1")?, Version(3), at), "what is told")?;
        closed(store.append(batch("Cart-1", expected, 3)?).await)?;
        closed(store.append(last("Cart-1", expected, 0)?).await)?;
        let keyed = batch("Cart-1", expected, 1)?.key(Key::new("request", [&b"new"[..]]));
        closed(store.append(keyed).await)?;
        let both = batch("Cart-2", Expected::Any, 1)?.and(
            stream("Cart-1")?,
            expected,
            events("Happened", 2),
        );
        closed(store.append(both).await)?;
    }
    unchanged(&*store, &before, "a closed stream took events").await?;
    equal(&store.keyed("request").await?, &None, "the key of a refused batch")?;
    put(&*store, "Cart-2", 1).await?;
    put(&*store, "Cart-3", 1).await?;
    Ok(())
}

/// Only what the store calls `$closed` closes a stream, not what is named like it.
pub async fn names_alike_close_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for name in ["Closed", "closed", "$Closed", "$closed ", "$close"] {
        for stream_name in ["Cart-1", "Cart-2"] {
            let new = vec![event(name, 1)];
            store.append(Batch::new(stream(stream_name)?, Expected::Any, new)).await?;
        }
    }
    Ok(())
}

/// In a batch as well nothing follows what closes a stream.
pub async fn nothing_follows_in_the_same_batch(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    let before = all(&*store, Query::all()).await?;
    for new in [vec![closing(), event("Happened", 1)], vec![closing(), closing()]] {
        let batch = Batch::new(stream("Cart-1")?, Expected::Any, new);
        invalid(&store.append(batch).await)?;
    }
    unchanged(&*store, &before, "an invalid batch changed the log").await
}

/// Whether a stream is closed or an expectation does not hold: what comes first is told, and mere
/// checks are checks.
pub async fn first_refusal_is_told(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    store.append(last("Cart-1", Expected::Empty, 1)?).await?;
    put(&*store, "Cart-2", 1).await?;
    let wrong = || batch("Cart-2", Expected::Empty, 1);
    let first = wrong()?.and(stream("Cart-1")?, Expected::Any, events("Happened", 1));
    conflict(store.append(first).await)?;
    let second =
        batch("Cart-1", Expected::Any, 1)?.and(stream("Cart-2")?, Expected::Empty, Vec::new());
    closed(store.append(second).await)?;
    let check = batch("Cart-1", Expected::Version(Version(2)), 0)?;
    store.append(check.and(stream("Cart-2")?, Expected::Any, events("Happened", 1))).await?;
    conflict(store.append(batch("Cart-1", Expected::Empty, 0)?).await)?;
    Ok(())
}

/// A request whose key is known is answered with its first outcome, closed or not.
pub async fn known_key_is_answered_after_the_close(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    let key = Key::new("request", [&b"content"[..]]);
    let keyed = || Outcome::Ok(batch("Cart-1", Expected::Empty, 1)?.key(key.clone()));
    let first = store.append(keyed()?).await?;
    store.append(last("Cart-1", Expected::Any, 0)?).await?;
    let again = store.append(keyed()?).await?;
    equal(&again, &Appended { repeated: true, ..first }, "the repeated outcome")
}

/// Of many that close a stream and many that append to it at once, none gets behind the close.
pub async fn nothing_gets_behind_a_racing_close(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for round in 0..8 {
        let names = [format!("Cart-{round}a"), format!("Cart-{round}b")];
        let racers = (0..32_u64).zip(names.iter().cycle()).map(|(racer, name)| {
            let (store, name) = (Arc::clone(&store), stream(name));
            async move {
                let new = if racer % 8 < 2 { closing() } else { event("Happened", racer) };
                let appended = store.append(Batch::new(name?, Expected::Any, vec![new])).await;
                Outcome::Ok((racer % 8 < 2, appended))
            }
        });
        let (mut won, mut stored) = (0, 0);
        for answer in race(racers).await? {
            match answer? {
                (closes, Ok(_)) => {
                    won += u64::from(closes);
                    stored += 1;
                }
                (_, Err(Error::StreamClosed(_))) => {}
                (_, Err(error)) => return Err(error.into()),
            }
        }
        equal(&won, &2, "closes of two streams that were stored")?;
        let mut found = 0;
        for name in &names {
            let events = all(&*store, Query::stream(stream(name)?)).await?;
            found += events.len();
            let ends: Vec<_> = events.iter().map(|event| *event.name == *Closed::NAME).collect();
            let rest = ends.iter().rev().skip(1);
            ensure(
                ends.last() == Some(&true) && rest.clone().all(|ends| !ends),
                format_args!("what closes {name} is not its last event alone: {ends:?}"),
            )?;
        }
        equal(&found, &stored, "stored events of two streams")?;
    }
    Ok(())
}

/// Of a closed stream all is removed but its last event; ids and versions stay what they were.
pub async fn truncation_leaves_what_closed_the_stream(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 2).await?;
    put(&*store, "Cart-1", 3).await?;
    put(&*store, "Cart-2", 1).await?;
    store.append(last("Cart-1", Expected::Any, 1)?).await?;
    let before = all(&*store, Query::all()).await?;
    let head = store.head().await?;
    equal(&store.truncate(&stream("Cart-1")?).await?, &4, "removed events")?;
    let stays = |event: &&crate::Committed| {
        event.stream.as_str() != "Cart-1" || event.version == Version(5)
    };
    let left: Vec<_> = before.iter().filter(stays).cloned().collect();
    unchanged(&*store, &left, "the log after a truncation").await?;
    equal(&store.head().await?, &head, "the head after a truncation")?;
    let cart = || Outcome::Ok(Query::stream(stream("Cart-1")?));
    let end: Vec<_> = left.last().map(|event| event.id).into_iter().collect();
    equal(&ids(&*store, cart()?).await?, &end, "the stream")?;
    equal(&ids(&*store, cart()?.backward()).await?, &end, "the stream, backward")?;
    equal(&ids(&*store, cart()?.from_version(2)).await?, &end, "the stream from version 2")?;
    equal(&ids(&*store, cart()?.to_version(4)).await?, &Vec::new(), "the stream to version 4")?;
    let happened = Query::all().name("Happened").category("Cart").backward();
    equal(&ids(&*store, happened).await?.len(), &3, "the events of the other stream")?;
    closed(store.append(batch("Cart-1", Expected::Any, 1)?).await)?;
    equal(&store.truncate(&stream("Cart-1")?).await?, &0, "events removed again")?;
    let next = put(&*store, "Cart-2", 1).await?.id();
    ensure(next > head, format_args!("id {next} was given after {head}"))
}

/// A stream that may still grow keeps its events, and so does one that is not there.
pub async fn open_stream_is_not_truncated(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    store.append(last("Cart-2", Expected::Empty, 1)?).await?;
    let before = all(&*store, Query::all()).await?;
    for name in ["Cart-1", "Cart-3", "Cart-%"] {
        let answer = store.truncate(&stream(name)?).await;
        ensure(
            matches!(&answer, Err(Error::NotClosed { stream }) if stream.as_str() == name),
            format_args!("this should be a stream that is not closed: {answer:?}"),
        )?;
    }
    unchanged(&*store, &before, "a refused truncation changed the log").await
}
