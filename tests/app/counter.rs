//! The domain of the cases: a counter that can be closed, and what follows it.

use std::collections::BTreeMap;

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Counted {
    pub by: u64,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Closed {}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Opened {}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CounterEvent {
    Counted(Counted),
    Closed(Closed),
    Opened(Opened),
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = CounterEvent, snapshot_every = 10)]
pub struct Counter {
    pub total: u64,
    pub closed: bool,
}

#[patch]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.total += event.by;
    }
    fn closed(&mut self, _: Closed) {
        self.closed = true;
    }
    fn opened(&mut self, _: Opened) {
        self.closed = false;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Count {
    pub by: u64,
}
#[derive(Serialize, Deserialize)]
pub struct Close {}
#[derive(Serialize, Deserialize)]
pub struct Open {}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the counter is closed at {at}")]
pub struct IsClosed {
    pub at: u64,
}

#[action]
impl Counter {
    /// Counts on; by nothing is nothing.
    #[given(open)]
    fn count(&self, Count { by }: Count) -> Result<Option<Counted>, IsClosed> {
        Ok((by > 0).then_some(Counted { by }))
    }
    #[given(open)]
    fn close(&self, _: Close) -> Result<(Counted, Closed), IsClosed> {
        Ok((Counted { by: 1 }, Closed {}))
    }
    fn reopen(&self, _: Open) -> Result<Opened, std::convert::Infallible> {
        Ok(Opened {})
    }
    /// It counts.
    fn open(&self) -> Result<(), IsClosed> {
        if self.closed { Err(IsClosed { at: self.total }) } else { Ok(()) }
    }
}

pub fn count(by: u64) -> Count {
    Count { by }
}

/// The total of each stream.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals(pub BTreeMap<String, u64>);

#[projection]
impl Totals {
    fn counted(&mut self, event: &Committed<Counted>) {
        *self.0.entry(event.stream.to_string()).or_default() += event.data.by;
    }
}

/// How often it was closed; it cannot take a count of 13.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closings {
    pub times: u64,
}

#[projection]
impl Closings {
    fn closed(&mut self, _: &Committed<Closed>) {
        self.times += 1;
    }
    fn counted(&mut self, event: &Committed<Counted>) {
        assert_ne!(event.data.by, 13, "thirteen");
    }
}

pub async fn start(store: impl actum::store::Store) -> App {
    App::new(store)
        .with::<Counter>()
        .project::<Totals>()
        .project::<Closings>()
        .start()
        .await
        .expect("an app")
}

/// The state as the events alone tell it.
pub async fn folded(app: &App, id: &str) -> Counter {
    let mut state = Counter::default();
    for event in app.history::<Counter>(id).expect("a stream").all().await.expect("events") {
        actum::Apply::apply(event.data, &mut state);
    }
    state
}
