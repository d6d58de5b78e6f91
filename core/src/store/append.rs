//! What is appended, what must hold for it, and what came of it.

use std::{borrow::Cow, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Id, Json, Meta, StreamId, Version, clock::whole_microseconds};

/// Events for one or more streams, stored together or not at all.
///
/// ```
/// use actum::{Json, store::{Batch, Expected, NewEvent}};
///
/// let event = NewEvent::new("ItemAdded", Json::from_value(&2)?);
/// let batch = Batch::new("Cart-1".parse()?, Expected::Empty, vec![event.clone()])
///     .and("Cart-2".parse()?, Expected::Any, vec![event]);
/// assert_eq!(batch.writes.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What each stream gets; no stream occurs twice.
    pub writes: Vec<Write>,
    /// Makes the append idempotent.
    pub key: Option<Key>,
}

impl Batch {
    /// A batch for one stream.
    pub fn new(stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        Self { writes: vec![Write { stream, expected, events }], key: None }
    }

    /// Adds events for another stream.
    #[must_use]
    pub fn and(mut self, stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        self.writes.push(Write { stream, expected, events });
        self
    }

    /// Makes the append idempotent.
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
        self
    }
}

/// The events of a batch for one stream; without events it is a mere check.
#[derive(Clone, Debug)]
pub struct Write {
    /// The stream.
    pub stream: StreamId,
    /// What must hold for it.
    pub expected: Expected,
    /// The events, in order.
    pub events: Vec<NewEvent>,
}

/// What must hold for a stream when events are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// It has no event yet.
    Empty,
    /// Its last event has this version.
    Version(Version),
    /// It has at least one event.
    Exists,
    /// Nothing.
    Any,
}

impl Expected {
    /// Whether it holds for a stream whose last event has the version `actual`.
    pub const fn holds(self, actual: Version) -> bool {
        match self {
            Self::Empty => actual.0 == 0,
            Self::Version(version) => actual.0 == version.0,
            Self::Exists => actual.0 > 0,
            Self::Any => true,
        }
    }
}

/// An event that is not stored yet.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The name it is stored under.
    pub name: Cow<'static, str>,
    /// The version of the payload's schema.
    pub schema: u32,
    /// The payload.
    pub data: Json,
    /// Who, why, in which connection.
    pub meta: Meta,
    /// When it came about, to the microsecond.
    pub created: Timestamp,
}

impl NewEvent {
    /// An event of now, without meta data.
    pub fn new(name: impl Into<Cow<'static, str>>, data: Json) -> Self {
        Self {
            name: name.into(),
            schema: 1,
            data,
            meta: Meta::default(),
            created: whole_microseconds(Timestamp::now()),
        }
    }
}

/// Makes an append idempotent: the same key with the same content is stored once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key, unique in the whole log.
    pub key: Arc<str>,
    /// Stands for the content: what must be equal for two uses to be the same request.
    pub fingerprint: [u8; 16],
}

impl Key {
    /// A key whose fingerprint is the hash (BLAKE3) of the parts of a request.
    pub fn new<'a>(key: impl Into<Arc<str>>, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut fingerprint = [0; 16];
        hasher.finalize_xof().fill(&mut fingerprint);
        Self { key: key.into(), fingerprint }
    }
}

/// What a key was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The fingerprint of the first use.
    pub fingerprint: [u8; 16],
    /// The outcome of the first use.
    pub appended: Appended,
}

/// Where the events of a batch were stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// One for each write of the batch, in order.
    pub placed: Vec<Placed>,
    /// Whether this is the outcome of an earlier append with the same key.
    #[serde(skip)]
    pub repeated: bool,
}

impl Appended {
    /// The id of the last event; 0 when none was stored.
    pub fn id(&self) -> Id {
        self.placed.iter().map(|placed| placed.last).max().unwrap_or_default()
    }
}

/// Where the events of one stream were stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The id of the first; 0 when there was none.
    pub first: Id,
    /// The id of the last; 0 when there was none.
    pub last: Id,
    /// The version of the stream afterwards.
    pub version: Version,
    /// How many there are.
    pub count: u64,
}
