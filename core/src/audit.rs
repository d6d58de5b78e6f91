//! Counts which versions of payloads are stored, in one pass and bounded memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::StreamExt;
use serde::Serialize;

use crate::{
    Committed, Id, Result, StreamId,
    store::{Log, Query},
};

/// How many streams are named for each version of a payload unless told otherwise.
pub(crate) const STREAMS: usize = 100;

/// Which versions of payloads are stored, and where the old ones are; made by
/// [`App::audit`](crate::App::audit).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// Up to which id the log was read.
    pub head: Id,
    /// How many events there are.
    pub events: u64,
    /// Each version of each event, by aggregate, name and number.
    pub versions: Vec<AuditedVersion>,
}

/// One version of an event's payload, as far as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditedVersion {
    /// The aggregate: the category of the streams.
    pub aggregate: String,
    /// The name of the event.
    pub name: String,
    /// The version of the payload's schema.
    pub schema: u32,
    /// What the program makes of it.
    pub standing: Standing,
    /// How many events there are.
    pub events: u64,
    /// The first of them.
    pub first: Id,
    /// The last of them.
    pub last: Id,
    /// The streams they are in, by their first event; empty for the newest version.
    pub streams: Vec<AuditedStream>,
    /// How many of the events are in further streams, which are not named.
    pub elsewhere: u64,
}

/// How many events of a version a stream has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditedStream {
    /// The stream.
    pub stream: StreamId,
    /// How many events.
    pub events: u64,
    /// The first of them.
    pub first: Id,
}

/// What a program makes of a stored version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It is the one that is written now.
    Newest,
    /// An older one, which is read by way of its successors.
    Old,
    /// A newer program has written it: it cannot be read.
    Newer,
    /// No aggregate of this name has such an event: it cannot be read.
    Unknown,
}

impl Audit {
    /// The versions that are older than what is written now.
    pub fn old(&self) -> impl Iterator<Item = &AuditedVersion> {
        self.versions.iter().filter(|one| one.standing == Standing::Old)
    }

    /// The versions that this program cannot read.
    pub fn unreadable(&self) -> impl Iterator<Item = &AuditedVersion> {
        let is_unreadable =
            |one: &&AuditedVersion| matches!(one.standing, Standing::Newer | Standing::Unknown);
        self.versions.iter().filter(is_unreadable)
    }
}

/// What has been counted so far.
struct Tally {
    /// How many streams are named for each version.
    streams: usize,
    aggregates: BTreeMap<String, BTreeMap<Arc<str>, BTreeMap<u32, Sum>>>,
}

struct Sum {
    events: u64,
    first: Id,
    last: Id,
    streams: HashMap<StreamId, (u64, Id)>,
    elsewhere: u64,
}

/// Counts the whole log; `newest` tells by aggregate, name and the highest version that is stored
/// which one is written now, if any.
///
/// `seen` is called with the id of each event, to show how far it is.
pub(crate) async fn audit(
    log: &(impl Log + ?Sized),
    streams: usize,
    newest: impl Fn(&str, &str, u32) -> Option<u32>,
    mut seen: impl FnMut(Id),
) -> Result<Audit> {
    let mut tally = Tally { streams, aggregates: BTreeMap::new() };
    let head = log.head().await?;
    let mut pages = log.read(Query::all().to_id(head).without_meta());
    while let Some(page) = pages.next().await {
        for event in page? {
            tally.add(&event);
            seen(event.id);
        }
    }
    Ok(tally.told(head, newest))
}

impl Tally {
    fn add(&mut self, event: &Committed) {
        let category = event.stream.category();
        let events = match self.aggregates.get_mut(category) {
            Some(events) => events,
            None => self.aggregates.entry(category.to_owned()).or_default(),
        };
        let versions = match events.get_mut(&event.name) {
            Some(versions) => versions,
            None => events.entry(Arc::clone(&event.name)).or_default(),
        };
        let sum = versions.entry(event.schema).or_insert_with(|| Sum::from(event.id));
        sum.events += 1;
        sum.last = event.id;
        if let Some((events, _)) = sum.streams.get_mut(&event.stream) {
            *events += 1;
        } else if sum.streams.len() < self.streams {
            sum.streams.insert(event.stream.clone(), (1, event.id));
        } else {
            sum.elsewhere += 1;
        }
    }

    fn told(self, head: Id, newest: impl Fn(&str, &str, u32) -> Option<u32>) -> Audit {
        let mut versions = Vec::new();
        for (aggregate, events) in self.aggregates {
            for (name, sums) in events {
                let highest = sums.keys().next_back().copied().unwrap_or_default();
                let newest = newest(&aggregate, &name, highest);
                for (schema, sum) in sums {
                    let standing = match newest {
                        None => Standing::Unknown,
                        Some(newest) if schema == newest => Standing::Newest,
                        Some(newest) if schema > newest => Standing::Newer,
                        Some(_) => Standing::Old,
                    };
                    versions.push(sum.told(&aggregate, &name, schema, standing));
                }
            }
        }
        Audit { head, events: versions.iter().map(|one| one.events).sum(), versions }
    }
}

impl From<Id> for Sum {
    fn from(first: Id) -> Self {
        Self { events: 0, first, last: first, streams: HashMap::new(), elsewhere: 0 }
    }
}

impl Sum {
    fn told(self, aggregate: &str, name: &str, schema: u32, standing: Standing) -> AuditedVersion {
        let Self { events, first, last, streams, elsewhere } = self;
        let stream = |(stream, (events, first))| AuditedStream { stream, events, first };
        let mut streams: Vec<_> = streams.into_iter().map(stream).collect();
        streams.sort_by_key(|one| one.first);
        let (streams, elsewhere) = match standing {
            Standing::Newest => (Vec::new(), 0),
            _ => (streams, elsewhere),
        };
        let (aggregate, name) = (aggregate.to_owned(), name.to_owned());
        AuditedVersion {
            aggregate,
            name,
            schema,
            standing,
            events,
            first,
            last,
            streams,
            elsewhere,
        }
    }
}
