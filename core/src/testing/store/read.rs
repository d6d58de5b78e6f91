//! Reads: every filter alone and all of them together, both directions, limits and pages.

use fastrand::Rng;
use futures_util::StreamExt;

mod filled;

use filled::{NAMES, STREAMS, fill, holds, time};

use super::{
    Failure, Outcome, Subject,
    failure::{ensure, equal},
    seed::seeded,
    steps::{all, batch, correlated, event, events, put, stream},
};
use crate::{
    Committed, Id, Version,
    store::{Batch, Expected, Query},
};

/// A committed event has all that was appended, byte for byte.
pub async fn read_back_equals_append(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 2).await?;
    let mut new = correlated(event("Changed", 7), "one")?;
    new.schema = 3;
    new.created = time(-99)?;
    let appended =
        store.append(Batch::new(stream("Cart-1")?, Expected::Any, vec![new.clone()])).await?;
    put(&*store, "Cart-2", 1).await?;
    let found = all(&*store, Query::stream(stream("Cart-1")?)).await?;
    let [found] = found.as_slice() else {
        return Err(Failure::new(format_args!("one event was appended: {found:?}")));
    };
    equal(&*found.name, &*new.name, "the name")?;
    equal(&found.schema, &3, "the version of the schema")?;
    equal(&found.data, &new.data, "the payload")?;
    equal(&found.meta.json(), &new.meta.json(), "the meta data")?;
    equal(&found.created, &new.created, "the time")?;
    equal(&(found.id, found.version), &(appended.id(), Version(1)), "the place")?;
    equal(&found.stream, &stream("Cart-1")?, "the stream")
}

/// The whole log, by increasing and by decreasing id.
pub async fn whole_log_in_both_directions(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    holds(&*store, &log, Query::all()).await
}

/// Only the events of one stream.
pub async fn stream_filters(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for name in STREAMS.into_iter().chain(["Cart-3"]) {
        holds(&*store, &log, Query::stream(stream(name)?)).await?;
    }
    Ok(())
}

/// Only the events of some aggregates.
pub async fn categories_filter(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for category in ["Cart", "Order", "Nothing", ""] {
        holds(&*store, &log, Query::all().category(category)).await?;
        holds(&*store, &log, Query::all().category(category).category("Order")).await?;
    }
    Ok(())
}

/// Only the events with some names.
pub async fn names_filter(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for name in NAMES.into_iter().chain(["Nothing", ""]) {
        holds(&*store, &log, Query::all().name(name)).await?;
        holds(&*store, &log, Query::all().name(name).name("Changed")).await?;
    }
    Ok(())
}

/// Only the events with a correlation.
pub async fn correlation_filters(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for correlation in ["one", "two", "nothing", ""] {
        holds(&*store, &log, Query::all().correlation(correlation)).await?;
    }
    Ok(())
}

/// Both bounds of the ids are inclusive.
pub async fn id_bounds_are_inclusive(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    let marks = [0, 1, 12, 30, 47].map(|at| log.get(at).map(|event| event.id).unwrap_or_default());
    let far = [Id(0), Id(u64::MAX)];
    for from in marks.into_iter().chain(far) {
        holds(&*store, &log, Query::all().from_id(from)).await?;
        holds(&*store, &log, Query::all().after(from)).await?;
        holds(&*store, &log, Query::all().to_id(from)).await?;
        for to in marks.into_iter().chain(far) {
            holds(&*store, &log, Query::all().from_id(from).to_id(to)).await?;
        }
    }
    Ok(())
}

/// Both bounds of the versions are inclusive, for one stream and for all.
pub async fn version_bounds_are_inclusive(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for query in [Query::all(), Query::stream(stream("Cart-2")?)] {
        for from in [0, 1, 5, 12, u64::MAX] {
            holds(&*store, &log, query.clone().from_version(from)).await?;
            holds(&*store, &log, query.clone().to_version(from)).await?;
            for to in [0, 1, 5, 6, u64::MAX] {
                holds(&*store, &log, query.clone().from_version(from).to_version(to)).await?;
            }
        }
    }
    Ok(())
}

/// Both bounds of the times are inclusive, to the microsecond, also where times fall back.
pub async fn time_bounds_are_inclusive(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    let microsecond = jiff::SignedDuration::from_micros(1);
    for second in [-1, 0, 5, 12, 23, 99] {
        let at = time(second)?;
        for at in [at, at.checked_sub(microsecond)?, at.checked_add(microsecond)?] {
            holds(&*store, &log, Query::all().from_time(at)).await?;
            holds(&*store, &log, Query::all().to_time(at)).await?;
            holds(&*store, &log, Query::all().from_time(time(5)?).to_time(at)).await?;
        }
    }
    Ok(())
}

/// No more events than the limit, and no fewer when there are as many.
pub async fn limit_is_kept(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for limit in [0, 1, 2, 47, 48, 49, u64::MAX] {
        holds(&*store, &log, Query::all().limit(limit)).await?;
        holds(&*store, &log, Query::all().name("Closed").limit(limit)).await?;
        holds(&*store, &log, Query::stream(stream("Order-2")?).limit(limit)).await?;
    }
    Ok(())
}

/// Filters hold all at once: 400 random combinations.
pub async fn filters_combine(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    seeded(async |mut random| {
        for _ in 0..400 {
            holds(&*store, &log, combination(&mut random, &log)?).await?;
        }
        Ok(())
    })
    .await
}

/// A query with each filter as likely as not.
fn combination(random: &mut Rng, log: &[Committed]) -> Outcome<Query> {
    let mut query = Query::all();
    let id = |random: &mut Rng| random.choice(log).map(|event| event.id).unwrap_or_default();
    if random.bool() {
        query.stream = random.choice(STREAMS).map(stream).transpose()?;
    }
    if random.bool() {
        query.categories.extend(random.choice(["Cart", "Order"]).map(str::to_owned));
    }
    for _ in 0..random.u8(0..3) {
        query.names.extend(random.choice(NAMES).map(str::to_owned));
    }
    query.correlation =
        random.choice([None, None, Some("one"), Some("two")]).flatten().map(str::to_owned);
    query.from_id = random.bool().then(|| id(random));
    query.to_id = random.bool().then(|| id(random));
    query.from_version = random.bool().then(|| Version(random.u64(0..8)));
    query.to_version = random.bool().then(|| Version(random.u64(4..14)));
    query.from_time = random.bool().then(|| time(random.i64(-1..20))).transpose()?;
    query.to_time = random.bool().then(|| time(random.i64(3..25))).transpose()?;
    query.limit = random.bool().then(|| random.u64(0..30));
    Ok(query)
}

/// A read of many pages neither loses nor doubles an event, with and without filters.
pub async fn long_reads_go_over_pages(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for round in 0..60_u64 {
        let name = format!("Cart-{}", round % 2);
        let long = Batch::new(stream(&name)?, Expected::Any, events("Changed", 50)).and(
            stream("Order-1")?,
            Expected::Any,
            events("Opened", 1),
        );
        store.append(long).await?;
    }
    let log = all(&*store, Query::all()).await?;
    equal(&log.len(), &3_060, "events of the whole log")?;
    let (first, last) = (Id(700), Id(2_900));
    for query in [
        Query::all(),
        Query::all().name("Opened"),
        Query::all().category("Cart"),
        Query::stream(stream("Cart-1")?),
        Query::stream(stream("Cart-1")?).from_version(40),
        Query::all().from_id(first).to_id(last),
        Query::all().limit(1_500),
        Query::all().category("Cart").limit(1_025),
    ] {
        holds(&*store, &log, query).await?;
    }
    Ok(())
}

/// Without meta data, everything else is the same.
pub async fn without_meta_keeps_the_rest(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let log = fill(&*store).await?;
    for query in [Query::all(), Query::all().correlation("one"), Query::stream(stream("Cart-1")?)] {
        let plain = all(&*store, query.clone()).await?;
        let bare = all(&*store, query.clone().without_meta()).await?;
        equal(&bare.len(), &plain.len(), "events without meta data")?;
        for (bare, plain) in bare.iter().zip(&plain) {
            let with_meta = Committed { meta: plain.meta.clone(), ..bare.clone() };
            equal(&with_meta, plain, "an event without meta data")?;
        }
        holds(&*store, &log, query.without_meta()).await?;
    }
    Ok(())
}

/// A read of what is not there ends without a page, also on an empty log.
pub async fn empty_results_have_no_page(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for filled in [false, true] {
        if filled {
            fill(&*store).await?;
        }
        for query in [
            Query::stream(stream("Cart-none")?),
            Query::all().name("None"),
            Query::all().category("None"),
            Query::all().from_id(Id(20)).to_id(Id(10)),
            Query::all().after(store.head().await?),
            Query::all().limit(0),
        ] {
            let mut pages = store.read(query.clone());
            let page = pages.next().await.transpose()?;
            equal(&page, &None, format_args!("a page of {query:?}"))?;
        }
    }
    Ok(())
}

/// While reads are open, other reads and appends go on; a read that is dropped does no harm.
pub async fn open_reads_block_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 1_500).await?;
    put(&*store, "Cart-2", 1_500).await?;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut pages = store.read(Query::all());
        let first = pages.next().await.transpose()?.unwrap_or_default();
        ensure(!first.is_empty(), "the first page of a full log has no event")?;
        open.push((pages, first.len()));
        store.append(batch("Cart-1", Expected::Exists, 1)?).await?;
        equal(&all(&*store, Query::stream(stream("Cart-2")?)).await?.len(), &1_500, "a stream")?;
    }
    drop(open.pop());
    for (mut pages, mut seen) in open {
        while let Some(page) = pages.next().await {
            seen += page?.len();
        }
        ensure((3_000..=3_003).contains(&seen), format_args!("an open read showed {seen} events"))?;
    }
    Ok(())
}
