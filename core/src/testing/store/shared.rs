//! Several handles on one place, as of several processes: the rules hold across them.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Outcome, Reopen,
    failure::{ensure, equal},
    seed::seeded,
    steps::{all, batch, conflict, event, events, ids, put, race, stream},
    views::{commit, document, stands, view},
};
use crate::{
    Error, Id, Version,
    store::{Batch, Expected, Key, Query, Store},
    testing::history::{Race, race as race_of_clients},
};

async fn handles(subject: &dyn Reopen, count: usize) -> Outcome<Vec<Arc<dyn Store>>> {
    let mut handles = vec![subject.fresh().await?];
    while handles.len() < count {
        handles.push(subject.open().await?);
    }
    Ok(handles)
}

/// What one handle has stored, the others read and respect at once.
pub async fn handles_see_each_other(subject: &dyn Reopen) -> Outcome {
    let handles = handles(subject, 3).await?;
    for round in 0..9_u64 {
        for (handle, name) in handles.iter().zip(["Cart-1", "Cart-2", "Cart-1"]) {
            let appended = put(&**handle, name, 1).await?;
            for other in &handles {
                ensure(other.head().await? >= appended.id(), "a head is behind another handle")?;
                conflict(other.append(batch(name, Expected::Empty, 1)?).await)?;
                let read = ids(&**other, Query::all()).await?;
                equal(&read.last(), &Some(&appended.id()), "the last event of another handle")?;
            }
        }
        let log = ids(&*subject.open().await?, Query::all()).await?;
        equal(&log.len(), &usize::try_from(3 * (round + 1))?, "events of all handles")?;
    }
    Ok(())
}

/// H1: of racers on one expectation, each on a handle of its own, exactly one wins.
pub async fn one_of_racing_handles_wins(subject: &dyn Reopen) -> Outcome {
    let handles = handles(subject, 6).await?;
    for round in 0..6_u64 {
        let racers =
            handles.iter().zip(["Cart-1", "Cart-2"].into_iter().cycle()).map(|(handle, name)| {
                let handle = Arc::clone(handle);
                async move {
                    let new = vec![event("Happened", round)];
                    let expected = Expected::Version(Version(round));
                    Outcome::Ok(handle.append(Batch::new(stream(name)?, expected, new)).await)
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
        equal(&won, &2, "winners on two streams")?;
    }
    Ok(())
}

/// H5: the same request through several handles is stored once.
pub async fn key_counts_across_handles(subject: &dyn Reopen) -> Outcome {
    let handles = handles(subject, 4).await?;
    let key = Key::new("request-1", [&b"content"[..]]);
    let racers = handles.iter().map(|handle| {
        let (handle, key) = (Arc::clone(handle), key.clone());
        async move {
            let both = batch("Cart-1", Expected::Empty, 1)?
                .and(stream("Cart-2")?, Expected::Empty, events("Happened", 1))
                .key(key);
            Outcome::Ok(handle.append(both).await?)
        }
    });
    let answers = race(racers).await?.into_iter().collect::<Outcome<Vec<_>>>()?;
    let first = answers.iter().filter(|appended| !appended.repeated).count();
    equal(&first, &1, "handles that stored the request")?;
    for handle in handles {
        equal(&all(&*handle, Query::all()).await?.len(), &2, "events after one request")?;
    }
    Ok(())
}

/// H2: readers on handles of their own see every event of all handles exactly once.
pub async fn tailing_across_handles_misses_nothing(subject: &dyn Reopen) -> Outcome {
    const ROUNDS: u64 = 40;
    let handles = handles(subject, 4).await?;
    let total = handles.len() * usize::try_from(ROUNDS)? * 2;
    let readers = (0..2).map(|_| subject.open());
    let readers = futures_util::future::try_join_all(readers).await?.into_iter().map(|reader| {
        tokio::spawn(async move {
            let (mut seen, mut cursor) = (Vec::new(), Id(0));
            while seen.len() < total {
                let new = ids(&*reader, Query::all().after(cursor)).await?;
                cursor = new.last().copied().unwrap_or(cursor);
                seen.extend(new);
                tokio::task::yield_now().await;
            }
            Outcome::Ok(seen)
        })
    });
    let readers: Vec<_> = readers.collect();
    let writers = handles.iter().zip(0..).map(|(handle, writer)| {
        let handle = Arc::clone(handle);
        async move {
            for round in 0..ROUNDS {
                let both = batch(&format!("Cart-{writer}"), Expected::Version(Version(round)), 1)?
                    .and(stream("Order-1")?, Expected::Any, events("Happened", 1));
                handle.append(both).await?;
            }
            Outcome::Ok(())
        }
    });
    race(writers).await?.into_iter().collect::<Outcome<()>>()?;
    let log = ids(&*subject.open().await?, Query::all()).await?;
    for reader in readers {
        let seen = super::steps::soon("a reader that has skipped an event", reader).await???;
        equal(&seen, &log, "what a reader saw")?;
    }
    Ok(())
}

/// H20: leases and view commits of one handle bind the others.
pub async fn leases_count_across_handles(subject: &dyn Reopen) -> Outcome {
    let handles = handles(subject, 2).await?;
    let [one, two] = handles.as_slice() else { return Ok(()) };
    let (now, ttl) = (Timestamp::from_second(1_800_000_000)?, Duration::from_secs(30));
    let lease = one.acquire("Sales", "one", now, ttl).await?;
    equal(&two.acquire("Sales", "two", now, ttl).await?, &None, "a lease that is held")?;
    let other = two.acquire("Sales", "two", now + ttl, ttl).await?;
    let sales = view("Sales", 1);
    let mut late = commit(&sales, 0, 5, vec![document("", "late")?]);
    late.lease = lease;
    let mut current = commit(&sales, 0, 6, vec![document("", "current")?]);
    current.lease = other;
    let answer = one.commit(late).await;
    ensure(
        matches!(answer, Err(Error::Fenced { .. })),
        format_args!("this should be fenced off: {answer:?}"),
    )?;
    two.commit(current).await?;
    stands(&**one, &sales, 6, ("", Some("current"))).await?;
    let answer = one.commit(commit(&sales, 0, 7, Vec::new())).await;
    ensure(matches!(answer, Err(Error::Stale { .. })), format_args!("not stale: {answer:?}"))
}

/// Clients on handles of their own race; the history has an order.
pub async fn race_across_handles_has_an_order(subject: &dyn Reopen) -> Outcome {
    let handles = handles(subject, 4).await?;
    seeded(async |mut random| {
        race_of_clients(&handles, Race::seeded(random.u64(..))).await?.check()
    })
    .await
}
