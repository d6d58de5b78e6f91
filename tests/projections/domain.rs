//! Counters with tags, and read models of them: one document, one for each stream, one for each
//! tag; and the pure folds they must equal.

use std::{collections::BTreeMap, convert::Infallible};

use actum::{
    Delete,
    prelude::*,
    store::{Log, Store},
};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Counted {
    pub by: u64,
    pub tag: String,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Closed {}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CounterEvent {
    Counted(Counted),
    Closed(Closed),
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = CounterEvent)]
pub struct Counter {
    pub total: u64,
}

#[patch]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.total += event.by;
    }
    fn closed(&mut self, _: Closed) {
        self.total = 0;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Count {
    pub by: u64,
    pub tag: String,
}
#[derive(Serialize, Deserialize)]
pub struct Close {}

#[action]
impl Counter {
    fn count(&self, Count { by, tag }: Count) -> Result<Counted, Infallible> {
        Ok(Counted { by, tag })
    }
    fn close(&self, _: Close) -> Result<Closed, Infallible> {
        Ok(Closed {})
    }
}

/// The times and the sum of all.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Total {
    pub times: u64,
    pub sum: u64,
}

impl Total {
    pub fn add(&mut self, by: u64) {
        self.times += 1;
        self.sum += by;
    }
}

#[projection]
impl Total {
    fn counted(&mut self, event: &Committed<Counted>) {
        self.add(event.data.by);
    }
}

/// The times and the sum of each stream that is not closed.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByStream(pub Total);

#[projection(key = stream)]
impl ByStream {
    fn counted(&mut self, event: &Committed<Counted>) {
        self.0.add(event.data.by);
    }
    fn closed(&mut self, _: &Committed<Closed>) -> Delete {
        Delete
    }
}

/// The times and the sum of each tag; a sum that can be divided by ten is forgotten.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByTag(pub Total);

#[projection(key = |event| &event.data.tag, partitions = 4)]
impl ByTag {
    fn counted(&mut self, event: &Committed<Counted>) -> Option<Delete> {
        self.0.add(event.data.by);
        self.0.sum.is_multiple_of(10).then_some(Delete)
    }
}

/// What the events alone say, in plain code.
#[derive(Default, Debug, PartialEq)]
pub struct Folded {
    pub total: Total,
    pub streams: BTreeMap<String, Total>,
    pub tags: BTreeMap<String, Total>,
}

pub async fn folded(store: &dyn Store) -> Folded {
    folded_to(store, Id(u64::MAX)).await
}

pub async fn folded_to(store: &dyn Store, end: Id) -> Folded {
    let mut folded = Folded::default();
    for event in log(store).await.into_iter().filter(|event| event.id <= end) {
        let stream = event.stream.to_string();
        match &*event.name {
            "Counted" => {
                let Counted { by, tag } = event.data.decode().expect("a payload");
                folded.total.add(by);
                folded.streams.entry(stream).or_default().add(by);
                let of_tag = folded.tags.entry(tag.clone()).or_default();
                of_tag.add(by);
                if of_tag.sum.is_multiple_of(10) {
                    folded.tags.remove(&tag);
                }
            }
            _ => drop(folded.streams.remove(&stream)),
        }
    }
    folded
}

/// The whole log.
pub async fn log(store: &(impl Log + ?Sized)) -> Vec<Committed> {
    let mut pages = store.read(Query::all());
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page.expect("a page"));
    }
    events
}

/// What an app's projections say, when they have seen the whole log.
pub async fn viewed(app: &App) -> Folded {
    let head = app.store().head().await.expect("a head");
    let streams = app.views::<ByStream>().after(head).all().await.expect("a list");
    let tags = app.views::<ByTag>().after(head).all().await.expect("a list");
    Folded {
        total: app.view::<Total>().after(head).await.expect("a view"),
        streams: streams.into_iter().map(|(key, ByStream(total))| (key, total)).collect(),
        tags: tags.into_iter().map(|(key, ByTag(total))| (key, total)).collect(),
    }
}

pub async fn count(app: &App, stream: impl std::fmt::Display, by: u64, tag: &str) -> Id {
    let count = Count { by, tag: tag.to_owned() };
    app.act::<Counter>(stream, count).await.expect("counted").id
}

pub async fn close(app: &App, stream: &str) -> Id {
    app.act::<Counter>(stream, Close {}).await.expect("closed").id
}

pub fn total(times: u64, sum: u64) -> Total {
    Total { times, sum }
}

pub async fn start(store: impl Store) -> App {
    App::new(store)
        .with::<Counter>()
        .project::<Total>()
        .project::<ByStream>()
        .project::<ByTag>()
        .start()
        .await
        .expect("an app")
}
