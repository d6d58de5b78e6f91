//! One random operation, the same for both stores.

use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;

use crate::{
    Id, Json, Meta, StreamId, Version,
    store::{Batch, Document, Expected, Key, NewEvent, Query, Snapshot, ViewCommit, ViewId, Write},
    testing::store::{Outcome, steps::stream},
};

const STREAMS: [&str; 5] = ["Cart-1", "Cart-2", "Cart-10", "Order-1", "Order-%"];
const NAMES: [&str; 3] = ["Opened", "Changed", "Closed"];
const CORRELATIONS: [&str; 3] = ["one", "two", "three"];
const LEASES: [&str; 2] = ["Sales", "Stock"];
const HOLDERS: [&str; 3] = ["a", "b", "c"];

/// What is done; ids are given as ranks, leases by name and holder.
#[derive(Debug)]
pub(super) enum Operation {
    Append(Batch),
    Keyed(String),
    Read { query: Query, from: Option<u64>, to: Option<u64> },
    Head,
    SaveSnapshot(Snapshot),
    Snapshot(StreamId),
    Commit { commit: ViewCommit, under: Option<(&'static str, &'static str)> },
    View { view: ViewId, key: String },
    Reset(ViewId),
    Acquire { lease: (&'static str, &'static str), now: Timestamp, ttl: Duration },
    Renew { lease: (&'static str, &'static str), now: Timestamp, ttl: Duration },
    Release((&'static str, &'static str)),
}

impl Operation {
    pub(super) fn random(random: &mut Rng) -> Outcome<Self> {
        Ok(match random.u8(0..32) {
            0..12 => Self::Append(batch(random)?),
            12 => Self::Keyed(key(random).key.to_string()),
            13..20 => Self::Read {
                query: query(random)?,
                from: random.bool().then(|| random.u64(0..200)),
                to: random.bool().then(|| random.u64(0..400)),
            },
            20 => Self::Head,
            21 => Self::SaveSnapshot(snapshot(random)?),
            22 => Self::Snapshot(some_stream(random)?),
            23..26 => Self::Commit {
                commit: commit(random)?,
                under: random.bool().then(|| lease(random)),
            },
            26 => Self::View { view: view(random), key: random.u8(0..4).to_string() },
            27 if random.u8(0..4) == 0 => Self::Reset(view(random)),
            27..30 => Self::Acquire { lease: lease(random), now: now(random)?, ttl: ttl(random) },
            30 => Self::Renew { lease: lease(random), now: now(random)?, ttl: ttl(random) },
            _ => Self::Release(lease(random)),
        })
    }
}

fn pick<T: Copy>(random: &mut Rng, of: &[T], otherwise: T) -> T {
    random.choice(of).copied().unwrap_or(otherwise)
}

fn some_stream(random: &mut Rng) -> Outcome<StreamId> {
    stream(pick(random, &STREAMS, "Cart-1"))
}

fn batch(random: &mut Rng) -> Outcome<Batch> {
    let mut batch = Batch::default();
    for _ in 0..random.u8(0..4) {
        let events = (0..random.u8(0..4)).map(|_| event(random)).collect::<Outcome<_>>()?;
        let write = Write { stream: some_stream(random)?, expected: expected(random), events };
        batch.writes.push(write);
    }
    // What a key of a batch without events means is left to the store.
    if random.u8(0..4) == 0 && batch.writes.iter().any(|write| !write.events.is_empty()) {
        batch = batch.key(key(random));
    }
    Ok(batch)
}

fn expected(random: &mut Rng) -> Expected {
    match random.u8(0..10) {
        0 => Expected::Empty,
        1 => Expected::Exists,
        2 => Expected::Version(Version(random.u64(0..30))),
        _ => Expected::Any,
    }
}

fn key(random: &mut Rng) -> Key {
    let number = random.u8(0..20);
    Key::new(format!("key-{number}"), [&[u8::from(random.u8(0..5) == 0)][..]])
}

fn event(random: &mut Rng) -> Outcome<NewEvent> {
    let meta = match random.choice(CORRELATIONS) {
        Some(correlation) if random.bool() => {
            Meta::from_stored(Json::from_text(format!(r#"{{"correlation":"{correlation}"}}"#))?)
        }
        _ => Meta::default(),
    };
    Ok(NewEvent {
        name: pick(random, &NAMES, "Opened").into(),
        schema: random.u32(1..4),
        data: Json::from_value(&random.u64(..))?,
        meta,
        created: now(random)?,
    })
}

fn query(random: &mut Rng) -> Outcome<Query> {
    let mut query = Query::all();
    if random.bool() {
        query.stream = Some(some_stream(random)?);
    }
    if random.u8(0..3) == 0 {
        query = query.category(pick(random, &["Cart", "Order"], "Cart"));
    }
    for _ in 0..random.u8(0..3) {
        query = query.name(pick(random, &NAMES, "Opened"));
    }
    if random.u8(0..3) == 0 {
        query = query.correlation(pick(random, &CORRELATIONS, "one"));
    }
    query.from_version = (random.u8(0..3) == 0).then(|| Version(random.u64(0..40)));
    query.to_version = (random.u8(0..3) == 0).then(|| Version(random.u64(0..90)));
    query.from_time = (random.u8(0..3) == 0).then(|| now(random)).transpose()?;
    query.to_time = (random.u8(0..3) == 0).then(|| now(random)).transpose()?;
    query.limit = random.bool().then(|| random.u64(0..40));
    Ok(if random.bool() { query.backward() } else { query })
}

fn snapshot(random: &mut Rng) -> Outcome<Snapshot> {
    Ok(Snapshot {
        stream: some_stream(random)?,
        version: Version(random.u64(1..20)),
        id: Id(random.u64(1..100)),
        fingerprint: pick(random, &["shape", "other"], "").to_owned(),
        state: Json::from_value(&random.u64(..))?,
    })
}

fn view(random: &mut Rng) -> ViewId {
    ViewId { name: pick(random, &LEASES, "Sales").into(), version: random.u32(1..3) }
}

fn commit(random: &mut Rng) -> Outcome<ViewCommit> {
    let mut documents = Vec::new();
    for key in 0..4 {
        match random.u8(0..4) {
            0 => documents.push(Document { key: key.to_string(), data: None }),
            1 => {
                let data = Some(Json::from_value(&random.u64(..))?);
                documents.push(Document { key: key.to_string(), data });
            }
            _ => {}
        }
    }
    // Few checkpoints, so that many commits meet the stored one.
    let from = Id(random.u64(0..3));
    let to = Id(random.u64(from.0..3));
    Ok(ViewCommit { view: view(random), from, to, documents, lease: None })
}

fn lease(random: &mut Rng) -> (&'static str, &'static str) {
    (pick(random, &LEASES, "Sales"), pick(random, &HOLDERS, "a"))
}

fn now(random: &mut Rng) -> Outcome<Timestamp> {
    Ok(Timestamp::from_microsecond(1_800_000_000_000_000 + random.i64(0..2_000_000))?)
}

fn ttl(random: &mut Rng) -> Duration {
    Duration::from_micros(random.u64(0..1_000_000))
}
