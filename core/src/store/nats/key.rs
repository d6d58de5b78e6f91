//! Keys: a message beside the events of its batch, which tells what the batch was and where.
//!
//! The messages of a batch have sequences without gaps. So where the events are follows from the
//! place of this message, although nobody knows it when the message is written.

use async_nats::jetstream::message::StreamMessage;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Result, Version,
    store::{Appended, Key, Keyed, Placed, nats::failure},
};

/// What is kept of a key.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    key: String,
    fingerprint: [u8; 16],
    /// How many messages of its batch stand before it.
    before: u64,
    /// For each write how many events it had, and the version of the stream afterwards.
    writes: Vec<(u64, u64)>,
}

impl Record {
    pub(super) fn new(key: &Key, before: u64, writes: Vec<(u64, u64)>) -> Self {
        Self { key: key.key.to_string(), fingerprint: key.fingerprint, before, writes }
    }

    /// Reads what was kept; `None` for another key with the same hash.
    pub(super) fn read(message: &StreamMessage, key: &str) -> Result<Option<Keyed>> {
        let record: Self = serde_json::from_slice(&message.payload)
            .map_err(|error| failure::to("look up a key", error))?;
        if record.key != key {
            return Ok(None);
        }
        let first = message.sequence.saturating_sub(record.before);
        let placed = placed(first, &record.writes);
        let appended = Appended { placed, repeated: false };
        Ok(Some(Keyed { fingerprint: record.fingerprint, appended }))
    }
}

/// Where the events of each write are, when the first one of all has this sequence.
pub(super) fn placed(mut first: u64, writes: &[(u64, u64)]) -> Vec<Placed> {
    let place = |&(count, version): &(u64, u64)| {
        let version = Version(version);
        if count == 0 {
            return Placed { version, ..Placed::default() };
        }
        let placed = Placed { first: Id(first), last: Id(first + count - 1), version, count };
        first += count;
        placed
    };
    writes.iter().map(place).collect()
}
