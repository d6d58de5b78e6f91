//! Batches over several streams: all of it or nothing, for writers and readers.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Outcome, Subject,
    failure::{ensure, equal},
    steps::{all, batch, conflict, event, events, put, race, stream, unchanged},
};
use crate::{
    Error, Version,
    store::{Batch, Expected, Query, Store},
};

/// A batch over several streams is stored in all of them.
pub async fn batch_over_streams_is_stored_whole(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    let whole = batch("Cart-1", Expected::Empty, 2)?
        .and(stream("Cart-2")?, Expected::Version(Version(1)), events("Happened", 3))
        .and(stream("Order-1")?, Expected::Any, events("Happened", 1));
    store.append(whole).await?;
    let mut found = BTreeMap::new();
    for event in all(&*store, Query::all()).await? {
        *found.entry(event.stream.to_string()).or_insert(0) += 1;
    }
    let wanted = [("Cart-1", 2), ("Cart-2", 4), ("Order-1", 1)];
    equal(&found, &wanted.map(|(name, count)| (name.to_owned(), count)).into(), "events by stream")
}

/// One false expectation refuses the whole batch: no event of any stream is ever shown.
pub async fn one_false_expectation_stores_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    put(&*store, "Cart-2", 2).await?;
    let before = all(&*store, Query::all()).await?;
    let streams = ["Cart-1", "Cart-2", "Cart-3"];
    for wrong in streams {
        let mut bad = Batch::default();
        for name in streams {
            let expected =
                if name == wrong { Expected::Version(Version(9)) } else { Expected::Any };
            bad = bad.and(stream(name)?, expected, events("Torn", 2));
        }
        let told = conflict(store.append(bad).await)?;
        equal(&told.stream, &stream(wrong)?, "the stream of the conflict")?;
        unchanged(&*store, &before, "a refused batch changed the log").await?;
    }
    put(&*store, "Cart-3", 1).await?;
    let torn = all(&*store, Query::all().name("Torn")).await?;
    equal(&torn.len(), &0, "events of refused batches")
}

/// Of several false expectations the first one is told.
pub async fn first_false_expectation_is_told(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 1).await?;
    put(&*store, "Cart-2", 2).await?;
    let bad = batch("Cart-1", Expected::Exists, 1)?
        .and(stream("Cart-2")?, Expected::Version(Version(1)), events("Happened", 1))
        .and(stream("Cart-3")?, Expected::Exists, events("Happened", 1));
    let told = conflict(store.append(bad).await)?;
    equal(&told.stream, &stream("Cart-2")?, "the stream of the conflict")?;
    equal(&told.actual, &Version(2), "the version of the conflict")
}

/// A write without events guards the others of its batch.
pub async fn check_of_one_stream_guards_another(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 1).await?;
    put(&*store, "Stock-1", 4).await?;
    let guarded = |version| -> Outcome<Batch> {
        let check = batch("Stock-1", Expected::Version(Version(version)), 0)?;
        Ok(check.and(stream("Cart-1")?, Expected::Any, events("Happened", 1)))
    };
    conflict(store.append(guarded(3)?).await)?;
    store.append(guarded(4)?).await?;
    let events = all(&*store, Query::all()).await?;
    equal(&events.len(), &6, "events after one batch that was allowed")
}

/// Racing batches over the same streams are each stored whole, or refused whole.
pub async fn racing_batches_never_tear(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let racers = (0..8_u64).map(|racer| {
        let store = Arc::clone(&store);
        async move {
            let mut won = 0;
            for round in 0..12 {
                match store.append(pair(&*store, racer, racer * 100 + round).await?).await {
                    Ok(_) => won += 1,
                    Err(Error::Conflict(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Outcome::Ok(won)
        }
    });
    let mut won = 0;
    for answer in race(racers).await? {
        won += answer?;
    }
    let mut sides = Vec::new();
    for name in ["Cart-1", "Cart-2"] {
        let events = all(&*store, Query::stream(stream(name)?)).await?;
        sides.push(events.iter().map(|event| event.data.to_string()).collect::<Vec<_>>());
    }
    equal(&sides.first().map(Vec::len), &Some(won), "batches that were acknowledged")?;
    equal(&sides.first(), &sides.last(), "the two streams that were written together")
}

/// Two batches that each check the stream of the other are not both stored: a check holds at the
/// moment of the commit, not some time before.
pub async fn checks_hold_at_the_commit(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for round in 0..16_u64 {
        let names = [format!("Cart-{round}"), format!("Order-{round}")];
        let [one, other] = &names;
        let racers = [(one, other), (other, one)].map(|(own, checked)| {
            let check = batch(checked, Expected::Empty, 0);
            let own = stream(own);
            let store = Arc::clone(&store);
            async move {
                let both = check?.and(own?, Expected::Any, events("Happened", 1));
                Outcome::Ok(store.append(both).await)
            }
        });
        let mut won = 0;
        for answer in race(racers).await? {
            match answer? {
                Ok(_) => won += 1,
                Err(Error::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        equal(&won, &1, "stored batches of two that exclude each other")?;
    }
    Ok(())
}

/// The same event for two streams, at the versions they have now; every other racer names the
/// streams in reverse.
async fn pair(store: &dyn Store, racer: u64, number: u64) -> Outcome<Batch> {
    let mut names = ["Cart-1", "Cart-2"];
    if racer % 2 == 1 {
        names.reverse();
    }
    let mut batch = Batch::default();
    for name in names {
        let last = all(store, Query::stream(stream(name)?).backward().limit(1)).await?;
        let version = last.first().map(|event| event.version).unwrap_or_default();
        batch = batch.and(stream(name)?, Expected::Version(version), vec![event("Both", number)]);
    }
    Ok(batch)
}

/// A read shows whole batches only, in either direction, while writers are at work.
pub async fn read_shows_whole_batches_only(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let writers = (0..4_u64).map(|writer| {
        let store = Arc::clone(&store);
        async move {
            for round in 0..25 {
                let number = writer * 100 + round;
                let twice = || vec![event("Both", number), event("Both", number)];
                let names = [format!("Cart-{writer}"), "Order-1".to_owned()];
                let mut batch = Batch::default();
                for name in names {
                    batch = batch.and(stream(&name)?, Expected::Any, twice());
                }
                store.append(batch).await?;
            }
            Outcome::Ok(())
        }
    });
    let mut writing = tokio::spawn(race(writers.collect::<Vec<_>>()));
    let mut finished = false;
    while !finished {
        finished = futures_util::FutureExt::now_or_never(&mut writing).transpose()?.is_some();
        for query in [Query::all(), Query::all().backward()] {
            let mut seen = BTreeMap::new();
            for event in all(&*store, query).await? {
                *seen.entry(event.data.to_string()).or_insert(0) += 1;
            }
            let torn: Vec<_> = seen.iter().filter(|(_, count)| **count != 4).collect();
            ensure(
                torn.is_empty(),
                format_args!("batches of 4 that were shown in part: {torn:?}"),
            )?;
        }
        tokio::task::yield_now().await;
    }
    equal(&all(&*store, Query::all()).await?.len(), &400, "events after all batches")
}
