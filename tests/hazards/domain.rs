//! The counters and the read model that the hazards befall.

use std::{collections::BTreeMap, convert::Infallible};

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Counted {
    pub by: u64,
}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CounterEvent {
    Counted(Counted),
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = CounterEvent, snapshot_every = 10)]
pub struct Counter {
    pub count: u64,
}

#[patch]
impl Counter {
    fn counted(&mut self, Counted { by }: Counted) {
        self.count += by;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Count {
    pub by: u64,
}

#[action]
impl Counter {
    fn count(&self, Count { by }: Count) -> Result<Counted, Infallible> {
        Ok(Counted { by })
    }
}

/// How often and by how much each stream was counted; adding the same event twice shows.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub streams: BTreeMap<String, (u64, u64)>,
}

impl Totals {
    pub fn add(&mut self, stream: &str, by: u64) {
        let (times, sum) = self.streams.entry(stream.to_owned()).or_default();
        *times += 1;
        *sum += by;
    }

    /// The pure fold of a whole log, or of its start.
    pub fn fold(events: &[Committed], to: Id) -> Self {
        let mut totals = Self::default();
        for event in events.iter().filter(|event| event.id <= to && &*event.name == Counted::NAME) {
            let Counted { by } = event.data.decode().expect("a payload");
            totals.add(event.stream.as_str(), by);
        }
        totals
    }
}

/// Panics at the number that is meant for it.
pub const PANICS: u64 = 666;

#[projection]
impl Totals {
    fn counted(&mut self, event: &Committed<Counted>) {
        assert!(event.data.by != PANICS, "the handler cannot take {PANICS}");
        self.add(event.stream.as_str(), event.data.by);
    }
}
