//! A group of requests as the parameters of one call, and what came back as their verdicts.

use std::collections::HashMap;

use deadpool_postgres::tokio_postgres::{self, Row, types::ToSql};

use crate::{
    Conflict, Id, StreamId, Version,
    store::{
        Appended, Batch, Expected, Placed,
        postgres::value::{Text, Time, number, stored},
    },
};

/// The call itself; the parameters are those of [`Call::parameters`].
pub(super) const SQL: &str = "select @append(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// The parameters of a call; see `sql/0002_append.sql`.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    locks: Vec<i32>,
    streams: Vec<&'a str>,
    writes: Vec<i32>,
    keys: Option<Vec<Option<&'a str>>>,
    fingerprints: Option<Vec<Option<&'a [u8]>>>,
    slots: Vec<i32>,
    expected: Vec<i64>,
    counts: Vec<i32>,
    owners: Vec<i32>,
    numbers: Vec<i32>,
    names: Vec<&'a str>,
    schemas: Vec<i32>,
    created: Vec<Time>,
    correlations: Vec<Option<&'a [u8]>>,
    data: Vec<Text<'a>>,
    meta: Vec<Text<'a>>,
}

/// What came of one request of a call.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is stored.
    Stored(Appended),
    /// Its key is known: there is a first outcome.
    Known,
    /// An expectation does not hold.
    Conflict(Conflict),
    /// A stream is closed; its last event has this version.
    Closed(StreamId, Version),
}

impl<'a> Call<'a> {
    pub(super) fn new(batches: impl IntoIterator<Item = &'a Batch>) -> Self {
        let mut call = Self::default();
        let mut slots = HashMap::new();
        let mut keys = Vec::new();
        for batch in batches {
            call.writes.push(count(batch.writes.len()));
            keys.push(batch.key.as_ref());
            for write in &batch.writes {
                call.write(&mut slots, &write.stream);
                call.expected.push(expectation(write.expected));
                call.counts.push(count(write.events.len()));
                for (at, event) in (1..).zip(&write.events) {
                    call.owners.push(count(call.counts.len()));
                    call.numbers.push(at);
                    call.names.push(&event.name);
                    call.schemas.push(i32::try_from(event.schema).unwrap_or(i32::MAX));
                    call.created.push(Time::floor(event.created));
                    call.correlations.push(event.meta.correlation().map(str::as_bytes));
                    call.data.push(Text(event.data.as_bytes()));
                    call.meta.push(Text(event.meta.json().as_bytes()));
                }
            }
        }
        if keys.iter().any(Option::is_some) {
            call.locks.extend(keys.iter().flatten().map(|key| lock(b"key", &key.key)));
            let text = |key: Option<&'a crate::store::Key>| key.map(|key| &*key.key);
            call.keys = Some(keys.iter().copied().map(text).collect());
            let print = |key: Option<&'a crate::store::Key>| key.map(|key| &key.fingerprint[..]);
            call.fingerprints = Some(keys.into_iter().map(print).collect());
        }
        call.locks.sort_unstable();
        call.locks.dedup();
        call
    }

    fn write(&mut self, slots: &mut HashMap<&'a StreamId, i32>, stream: &'a StreamId) {
        let slot = *slots.entry(stream).or_insert_with(|| {
            self.streams.push(stream.as_str());
            self.locks.push(lock_of(stream));
            count(self.streams.len())
        });
        self.slots.push(slot);
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 16] {
        [
            &self.locks,
            &self.streams,
            &self.writes,
            &self.keys,
            &self.fingerprints,
            &self.slots,
            &self.expected,
            &self.counts,
            &self.owners,
            &self.numbers,
            &self.names,
            &self.schemas,
            &self.created,
            &self.correlations,
            &self.data,
            &self.meta,
        ]
    }
}

/// One for each batch, in order.
pub(super) fn verdicts<'a>(
    row: &Row,
    batches: impl ExactSizeIterator<Item = &'a Batch>,
) -> Result<Vec<Verdict>, tokio_postgres::Error> {
    let mut numbers = row.try_get::<_, Vec<i64>>(0)?.into_iter();
    let mut next = Id(stored(numbers.next().unwrap_or_default()));
    let verdicts: Vec<i64> = numbers.by_ref().take(batches.len()).collect();
    let mut befores = (1..).zip(numbers);
    let mut found = Vec::with_capacity(verdicts.len());
    for (batch, verdict) in batches.zip(verdicts) {
        let writes = batch.writes.iter().zip(befores.by_ref());
        found.push(match verdict {
            0 => {
                let placed = writes.map(|(write, (_, before))| {
                    placed(&mut next, Version(stored(before)), write.events.len() as u64)
                });
                Verdict::Stored(Appended { placed: placed.collect(), repeated: false })
            }
            at if at > 0 => {
                let mut conflict = None;
                for (write, (number, before)) in writes {
                    if number == at {
                        let actual = Version(stored(before));
                        let stream = write.stream.clone();
                        conflict = Some(Conflict::new(stream, write.expected, actual));
                    }
                }
                conflict.map_or(Verdict::Known, Verdict::Conflict)
            }
            at => {
                let mut closed = None;
                for (write, (number, before)) in writes {
                    if number == -1 - at {
                        closed = Some((write.stream.clone(), Version(stored(before))));
                    }
                }
                closed.map_or(Verdict::Known, |(stream, at)| Verdict::Closed(stream, at))
            }
        });
    }
    Ok(found)
}

/// An expectation as the server's functions take it.
pub(super) fn expectation(expected: Expected) -> i64 {
    match expected {
        Expected::Empty => 0,
        Expected::Version(Version(version)) => number(version),
        Expected::Exists => -1,
        Expected::Any => -2,
    }
}

pub(super) fn placed(next: &mut Id, before: Version, events: u64) -> Placed {
    if events == 0 {
        return Placed { version: before, ..Placed::default() };
    }
    let first = next.next();
    *next = Id(next.0 + events);
    Placed { first, last: *next, version: Version(before.0 + events), count: events }
}

/// The outcome that was stored with a key.
pub(super) fn outcome(placed: &[i64]) -> Appended {
    let placed = placed.chunks_exact(3).filter_map(|numbers| {
        let &[first, last, version] = numbers else { return None };
        let (first, last) = (Id(stored(first)), Id(stored(last)));
        let count = if last.0 > 0 { last.0 + 1 - first.0 } else { 0 };
        Some(Placed { first, last, version: Version(stored(version)), count })
    });
    Appended { placed: placed.collect(), repeated: false }
}

/// What stands for a stream in the table of locks.
pub(super) fn lock_of(stream: &StreamId) -> i32 {
    lock(b"stream", stream.as_str())
}

/// What stands for a stream or a key in the table of locks: FNV-1a, folded. All programs that
/// share a log must agree on it; two names with the same hash merely wait for each other.
fn lock(kind: &[u8], name: &str) -> i32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in kind.iter().chain(b":").chain(name.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let folded = (hash >> 32) ^ (hash & u64::from(u32::MAX));
    u32::try_from(folded).unwrap_or_default().cast_signed()
}

/// Groups are bounded far below the limit.
fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
