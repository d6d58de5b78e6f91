//! What is written down: calls with their answers, feeds, and the log at the end.

use crate::{
    Committed, Id, StreamId, Version,
    store::{Expected, Placed},
    testing::Outcome,
};

/// Everything that clients and readers have called and heard.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The calls of all clients.
    pub calls: Vec<Call>,
    /// What each reader that followed the log was shown.
    pub feeds: Vec<Feed>,
    /// The whole log, read when all calls had ended.
    pub log: Vec<Entry>,
}

/// One call of a client.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who called.
    pub client: usize,
    /// The moment before the call, by a counter that all clients share.
    pub from: u64,
    /// The moment after the answer, by the same counter.
    pub until: u64,
    /// What was asked.
    pub request: Request,
    /// What was heard.
    pub answer: Answer,
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// To append a batch; all requests with the same key are the same.
    Append {
        /// Makes it idempotent.
        key: Option<String>,
        /// What each stream gets.
        writes: Vec<Wish>,
    },
    /// The version of a stream.
    Version(StreamId),
}

/// What one stream should get.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The stream.
    pub stream: StreamId,
    /// What must hold for it.
    pub expected: Expected,
    /// The numbers of the events; each is used by one request only.
    pub events: Vec<u64>,
}

/// What a client hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The batch is stored.
    Stored {
        /// Where.
        placed: Vec<Placed>,
        /// Whether an earlier request with the same key has stored it.
        repeated: bool,
    },
    /// An expectation did not hold.
    Refused {
        /// Of which stream.
        stream: StreamId,
        /// The version it has.
        actual: Version,
    },
    /// The version of a stream.
    Version(Version),
    /// Nothing, or an error that leaves the outcome open.
    Unknown,
}

/// What a reader that followed the log was shown, in the order in which it was shown.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// Which aggregate's streams it followed; all of them without.
    pub category: Option<String>,
    /// The events.
    pub entries: Vec<Entry>,
}

/// An event as a reader was shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log.
    pub id: Id,
    /// Its stream.
    pub stream: StreamId,
    /// Its place there.
    pub version: Version,
    /// Its number.
    pub event: u64,
}

impl Entry {
    pub(super) fn of(event: &Committed) -> Outcome<Self> {
        Ok(Self {
            id: event.id,
            stream: event.stream.clone(),
            version: event.version,
            event: event.data.decode()?,
        })
    }
}
