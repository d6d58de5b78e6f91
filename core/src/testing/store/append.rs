//! Append: expectations, answers, and what no store takes.

use std::sync::Arc;

use super::{
    Outcome, Subject,
    failure::{ensure, equal},
    steps::{all, batch, conflict, count, event, events, invalid, put, race, stream, unchanged},
};
use crate::{
    Error, StreamId, Version,
    store::{Appended, Batch, Expected, Placed, Query},
};

/// `Expected::Empty` holds for a stream without events only.
pub async fn empty_holds_only_without_events(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-other", 2).await?;
    store.append(batch("Cart-1", Expected::Empty, 1)?).await?;
    conflict(store.append(batch("Cart-1", Expected::Empty, 1)?).await)?;
    conflict(store.append(batch("Cart-other", Expected::Empty, 1)?).await)?;
    equal(&count(&*store, "Cart-1").await?, &1, "events of Cart-1")
}

/// `Expected::Version` holds at exactly this version; 0 is a stream without events.
pub async fn version_holds_only_at_that_version(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-other", 7).await?;
    let at = |version| batch("Cart-1", Expected::Version(Version(version)), 2);
    conflict(store.append(at(1)?).await)?;
    store.append(at(0)?).await?;
    for wrong in [0, 1, 3, 7, u64::MAX] {
        conflict(store.append(at(wrong)?).await)?;
    }
    store.append(at(2)?).await?;
    equal(&count(&*store, "Cart-1").await?, &4, "events of Cart-1")
}

/// `Expected::Exists` holds for a stream with events only.
pub async fn exists_holds_only_with_events(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-other", 1).await?;
    conflict(store.append(batch("Cart-1", Expected::Exists, 1)?).await)?;
    store.append(batch("Cart-other", Expected::Exists, 1)?).await?;
    equal(&count(&*store, "Cart-1").await?, &0, "events of Cart-1")?;
    equal(&count(&*store, "Cart-other").await?, &2, "events of Cart-other")
}

/// `Expected::Any` always holds.
pub async fn any_always_holds(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for name in ["Cart-1", "Cart-2", "Cart-1"] {
        store.append(batch(name, Expected::Any, 1)?).await?;
    }
    equal(&count(&*store, "Cart-1").await?, &2, "events of Cart-1")
}

/// A conflict tells the stream, what was expected of it and its version.
pub async fn conflict_tells_stream_expected_and_actual(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 3).await?;
    put(&*store, "Cart-2", 5).await?;
    let wrong = [
        ("Cart-1", Expected::Empty, 3),
        ("Cart-2", Expected::Version(Version(3)), 5),
        ("Cart-3", Expected::Exists, 0),
    ];
    for (name, expected, actual) in wrong {
        let told = conflict(store.append(batch(name, expected, 1)?).await)?;
        equal(&told.stream, &stream(name)?, "the stream of a conflict")?;
        equal(&told.expected, &expected, "the expectation of a conflict")?;
        equal(&told.actual, &Version(actual), "the version of a conflict")?;
    }
    Ok(())
}

/// A refused append leaves no trace, and no later event is affected.
pub async fn refused_append_stores_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    put(&*store, "Cart-2", 2).await?;
    let before = all(&*store, Query::all()).await?;
    conflict(store.append(batch("Cart-1", Expected::Empty, 3)?).await)?;
    unchanged(&*store, &before, "a refused append changed the log").await?;
    let next = put(&*store, "Cart-1", 1).await?;
    let version = next.placed.first().map(|placed| placed.version);
    equal(&version, &Some(Version(3)), "the version after a refused append")
}

/// The answer tells the ids and the version of each write, in order, as a read shows them.
pub async fn answer_tells_where_the_events_are(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 4).await?;
    let batch = Batch::new(stream("Cart-1")?, Expected::Any, events("Happened", 3)).and(
        stream("Cart-2")?,
        Expected::Any,
        events("Happened", 2),
    );
    let Appended { placed, repeated } = store.append(batch).await?;
    ensure(!repeated, "a first append is told to be a repeated one")?;
    equal(&placed.len(), &2, "places in the answer to a batch of two writes")?;
    for (placed, (name, count)) in placed.into_iter().zip([("Cart-1", 3_usize), ("Cart-2", 2)]) {
        let all = all(&*store, Query::stream(stream(name)?)).await?;
        let new = all.iter().rev().take(count).rev();
        let first = new.clone().map(|event| event.id).next().unwrap_or_default();
        let (last, version) = new.last().map(|event| (event.id, event.version)).unwrap_or_default();
        let count = count as u64;
        equal(&placed, &Placed { first, last, version, count }, name)?;
    }
    Ok(())
}

/// A batch without writes stores nothing and is no error.
pub async fn empty_batch_stores_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 1).await?;
    put(&*store, "Cart-2", 1).await?;
    let before = all(&*store, Query::all()).await?;
    let head = store.head().await?;
    let appended = store.append(Batch::default()).await?;
    equal(&appended, &Appended::default(), "the answer to an empty batch")?;
    equal(&store.head().await?, &head, "the head after an empty batch")?;
    unchanged(&*store, &before, "an empty batch changed the log").await
}

/// A write without events stores nothing, but its expectation counts.
pub async fn write_without_events_only_checks(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    put(&*store, "Cart-2", 3).await?;
    let before = all(&*store, Query::all()).await?;
    let holds = batch("Cart-1", Expected::Version(Version(2)), 0)?;
    let unchanged_place = Placed { version: Version(2), ..Placed::default() };
    let appended = store.append(holds).await?;
    equal(&appended.placed, &vec![unchanged_place], "the place of a mere check")?;
    conflict(store.append(batch("Cart-1", Expected::Version(Version(3)), 0)?).await)?;
    conflict(store.append(batch("Cart-3", Expected::Exists, 0)?).await)?;
    unchanged(&*store, &before, "a mere check changed the log").await
}

/// A stream that occurs twice in a batch makes it invalid.
pub async fn stream_twice_in_a_batch_is_refused(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    let before = all(&*store, Query::all()).await?;
    let twice = batch("Cart-1", Expected::Any, 1)?
        .and(stream("Cart-2")?, Expected::Any, events("Happened", 1))
        .and(stream("Cart-1")?, Expected::Any, events("Happened", 1));
    invalid(&store.append(twice).await)?;
    unchanged(&*store, &before, "an invalid batch changed the log").await
}

/// An event's name has 1 to 255 bytes and no control character.
pub async fn event_name_out_of_bounds_is_refused(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    let named = |name: String| -> Outcome<Batch> {
        let new = crate::store::NewEvent { name: name.into(), ..event("", 1) };
        Ok(Batch::new(stream("Cart-1")?, Expected::Any, vec![event("Happened", 1), new]))
    };
    for bad in [String::new(), "x".repeat(256), "a\0b".into(), "a\nb".into(), "é".repeat(128)] {
        invalid(&store.append(named(bad)?).await)?;
    }
    equal(&count(&*store, "Cart-1").await?, &0, "events of Cart-1")?;
    for good in ["x".repeat(255), "a b".into(), "Größe-%_'\"".into()] {
        store.append(named(good.clone())?).await?;
        let found = all(&*store, Query::all().name(good)).await?;
        equal(&found.len(), &1, "events of a name that is allowed")?;
    }
    Ok(())
}

/// Versions are 1, 2, 3 … within each stream, whatever else is appended.
pub async fn versions_are_contiguous(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let names = ["Cart-1", "Cart-2", "Order-1"];
    for round in 0..6 {
        for name in names {
            put(&*store, name, round % 3 + 1).await?;
            conflict(store.append(batch(name, Expected::Empty, 1)?).await)?;
        }
    }
    for name in names {
        let events = all(&*store, Query::stream(stream(name)?)).await?;
        let versions: Vec<_> = events.iter().map(|event| event.version.0).collect();
        equal(&versions, &(1..=12).collect::<Vec<_>>(), format_args!("the versions of {name}"))?;
    }
    Ok(())
}

/// H1: of many racers on one expectation exactly one wins, the others get a conflict.
pub async fn one_of_many_racers_wins(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let names: [StreamId; 2] = [stream("Cart-1")?, stream("Cart-2")?];
    for round in 0..8_u64 {
        let racers = (0..32_u64).zip(names.iter().cycle().cloned()).map(|(racer, name)| {
            let store = Arc::clone(&store);
            let expected = Expected::Version(Version(round));
            let batch = Batch::new(name, expected, vec![event("Happened", racer)]);
            async move { store.append(batch).await }
        });
        let mut won = 0;
        for answer in race(racers).await? {
            match answer {
                Ok(_) => won += 1,
                Err(Error::Conflict(told)) => {
                    equal(&told.actual, &Version(round + 1), "the version that a loser is told")?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        equal(&won, &names.len(), "winners of a race on two streams")?;
    }
    for name in ["Cart-1", "Cart-2"] {
        equal(&count(&*store, name).await?, &8, format_args!("events of {name} after 8 races"))?;
    }
    Ok(())
}
