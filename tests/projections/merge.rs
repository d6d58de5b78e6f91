//! Projections that can `merge`: a large log is folded in ranges beside each other, and comes to
//! what it comes to event by event.

use std::{collections::BTreeMap, num::NonZeroU64, sync::Arc};

use actum::{
    Delete, Error, Json, ProjectionState, Verification,
    prelude::*,
    store::{Batch, Log, NewEvent, Store},
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Closed, Counted, Counter, count, log},
    place::{Place, everywhere, until},
};

everywhere!(
    ranges_beside_each_other_come_to_what_the_fold_comes_to,
    a_merge_that_is_wrong_is_found_by_verify,
    a_log_that_is_not_large_is_not_merged,
    a_fold_that_counts_on_what_it_finds_is_folded_event_by_event,
    an_event_that_cannot_be_taken_stops_it_there_and_what_comes_before_is_kept,
    ranges_are_merged_into_documents_that_are_stored_already,
);

/// The ids of all events, in the order in which they were folded.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    pub ids: Vec<u64>,
}

#[projection]
impl Trail {
    fn counted(&mut self, event: &Committed<Counted>) {
        self.ids.push(event.id.0);
    }
    fn closed(&mut self, event: &Committed<Closed>) {
        self.ids.push(event.id.0);
    }
    fn merge(&mut self, later: Self) {
        self.ids.extend(later.ids);
    }
}

/// The ids of the events of each stream since it was closed.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamTrail {
    pub ids: Vec<u64>,
}

#[projection(key = stream)]
impl StreamTrail {
    fn counted(&mut self, event: &Committed<Counted>) {
        self.ids.push(event.id.0);
    }
    fn closed(&mut self, _: &Committed<Closed>) -> Delete {
        Delete
    }
    fn merge(&mut self, later: StreamTrail) {
        self.ids.extend(later.ids);
    }
}

/// The ids of the events of each tag since the last one that counted by nine.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagTrail {
    pub ids: Vec<u64>,
}

#[projection(key = |event| &event.data.tag, partitions = 3)]
impl TagTrail {
    fn counted(&mut self, event: &Committed<Counted>) -> Option<Delete> {
        self.ids.push(event.id.0);
        (event.data.by == 9).then_some(Delete)
    }
    fn merge(&mut self, later: Self) {
        self.ids.extend(later.ids);
    }
}

/// Notes each merge, as a fold must not: so it differs from the fold wherever something was merged.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Noting {
    sum: u64,
    merges: u64,
}

#[projection]
impl Noting {
    fn counted(&mut self, event: &Committed<Counted>) {
        self.sum += event.data.by;
    }
    fn merge(&mut self, later: Self) {
        self.sum += later.sum;
        self.merges += later.merges + 1;
    }
}

/// What is left of a stock; counting down from nothing panics.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stock {
    left: u64,
}

#[projection]
impl Stock {
    fn counted(&mut self, event: &Committed<Counted>) {
        if event.data.tag == "in" {
            self.left += event.data.by;
        } else {
            self.left = self.left.checked_sub(event.data.by).expect("there is enough");
        }
    }
    fn merge(&mut self, later: Self) {
        self.left += later.left;
    }
}

/// Does not take thirteen.
#[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wary {
    sum: u64,
}

#[projection]
impl Wary {
    fn counted(&mut self, event: &Committed<Counted>) {
        assert_ne!(event.data.by, 13, "thirteen");
        self.sum += event.data.by;
    }
    fn merge(&mut self, later: Self) {
        self.sum += later.sum;
    }
}

/// What the three trails are to be.
#[derive(Default, Debug, PartialEq)]
pub struct Trails {
    pub all: Vec<u64>,
    pub streams: BTreeMap<String, Vec<u64>>,
    pub tags: BTreeMap<String, Vec<u64>>,
}

impl Trails {
    /// By plain code, from the first events of the log.
    pub fn of(log: &[Committed], end: Id) -> Self {
        let mut trails = Self::default();
        for event in log.iter().take_while(|event| event.id <= end) {
            trails.all.push(event.id.0);
            if &*event.name == "Closed" {
                trails.streams.remove(event.stream.as_str());
                continue;
            }
            let Counted { by, tag } = event.data.decode().expect("a payload");
            trails.streams.entry(event.stream.to_string()).or_default().push(event.id.0);
            trails.tags.entry(tag.clone()).or_default().push(event.id.0);
            if by == 9 {
                trails.tags.remove(&tag);
            }
        }
        trails
    }

    /// As the app has them.
    pub async fn viewed(app: &App) -> Self {
        let head = app.store().head().await.expect("a head");
        let streams = app.views::<StreamTrail>().after(head).all().await.expect("a list");
        let tags = app.views::<TagTrail>().after(head).all().await.expect("a list");
        Self {
            all: app.view::<Trail>().after(head).await.expect("a view").ids,
            streams: streams.into_iter().map(|(key, trail)| (key, trail.ids)).collect(),
            tags: tags.into_iter().map(|(key, trail)| (key, trail.ids)).collect(),
        }
    }
}

fn counted(by: u64, tag: &str) -> NewEvent {
    let data = Json::from_value(&Counted { by, tag: tag.to_owned() });
    NewEvent::new(Counted::NAME, data.expect("JSON"))
}

async fn append(store: &(impl Log + ?Sized), stream: u64, events: Vec<NewEvent>) {
    let stream = StreamId::new("Counter", stream).expect("a name");
    store.append(Batch::new(stream, Expected::Any, events)).await.expect("stored");
}

/// Appends events of a few streams and tags, at random; some close a stream.
pub async fn fill(store: &(impl Log + ?Sized), batches: u64, each: u64) {
    for _ in 0..batches {
        let events = (0..each).map(|_| match fastrand::u64(0..40) {
            0 => NewEvent::new(Closed::NAME, Json::from_text("{}").expect("JSON")),
            _ => counted(fastrand::u64(1..20), &format!("tag-{}", fastrand::u64(0..9))),
        });
        append(store, fastrand::u64(0..5), events.collect()).await;
    }
}

pub fn range(ids: u64) -> NonZeroU64 {
    NonZeroU64::new(ids).expect("not zero")
}

pub async fn trails(store: impl Store, ids: u64) -> App {
    let app = App::new(store).with::<Counter>().range(range(ids));
    let app = app.project::<Trail>().project::<StreamTrail>().project::<TagTrail>();
    app.start().await.expect("an app")
}

async fn one<P: Projection>(store: Arc<dyn Store>, ids: u64) -> App {
    let app = App::new(store).with::<Counter>().project::<P>().range(range(ids));
    app.start().await.expect("an app")
}

async fn ranges_beside_each_other_come_to_what_the_fold_comes_to(place: &Place) {
    let store = place.open().await;
    fill(&*store, 60, 20).await;
    let log = log(&*store).await;
    let expected = Trails::of(&log, Id(u64::MAX));
    for ids in [1, 7, 64, 1_000_000] {
        let app = trails(store.clone(), ids).await;
        assert_eq!(Trails::viewed(&app).await, expected, "in ranges of {ids}");
        assert!(app.verify::<Trail>().await.expect("verified").is_equal());
        assert!(app.verify::<StreamTrail>().await.expect("verified").is_equal());
        assert!(app.verify::<TagTrail>().await.expect("verified").is_equal());
        let progress = app.progress::<Trail>().await.expect("the progress");
        assert!(progress.rate.is_some() && progress.seen == progress.head, "{progress:?}");
        app.shutdown(crate::place::PATIENCE).await.expect("an end in time");
        // Only now, or this app would build them anew.
        app.reset::<Trail>().await.expect("reset");
        app.reset::<StreamTrail>().await.expect("reset");
        app.reset::<TagTrail>().await.expect("reset");
    }
}

async fn a_merge_that_is_wrong_is_found_by_verify(place: &Place) {
    let store = place.open().await;
    for stream in 0..10 {
        append(&*store, stream % 3, vec![counted(2, "red"); 40]).await;
    }
    let app = one::<Noting>(store, 50).await;
    let Noting { sum, merges } = app.view::<Noting>().after(Id(400)).await.expect("a view");
    assert_eq!((sum, merges), (800, 7), "eight ranges, of which the first begins");
    let found: Verification = app.verify::<Noting>().await.expect("verified");
    let first = found.first.expect("a difference");
    assert_eq!((found.differing, &*first.path), (1, "/merges"));
    assert_eq!(first.stored, Some(Json::from_text("7").expect("JSON")));
    assert_eq!(first.folded, Some(Json::from_text("0").expect("JSON")));
}

async fn a_log_that_is_not_large_is_not_merged(place: &Place) {
    let store = place.open().await;
    for stream in 0..3 {
        append(&*store, stream, vec![counted(2, "red"); 50]).await;
    }
    let app = one::<Noting>(store, 50).await;
    let noting = app.view::<Noting>().after(Id(150)).await.expect("a view");
    assert_eq!(noting, Noting { sum: 300, merges: 0 });
    let id = count(&app, "b", 1, "red").await;
    let noting = app.view::<Noting>().after(id).await.expect("a view");
    assert_eq!(noting, Noting { sum: 301, merges: 0 });
    assert!(app.verify::<Noting>().await.expect("verified").is_equal());
}

async fn a_fold_that_counts_on_what_it_finds_is_folded_event_by_event(place: &Place) {
    let store = place.open().await;
    append(&*store, 1, vec![counted(5, "in"); 100]).await;
    append(&*store, 2, vec![counted(1, "out"); 100]).await;
    let app = one::<Stock>(store, 20).await;
    let stock = app.view::<Stock>().after(Id(200)).await.expect("it goes on");
    assert_eq!(stock, Stock { left: 400 });
    assert!(app.health().await.expect("the health").is_well());
    assert!(app.verify::<Stock>().await.expect("verified").is_equal());
}

async fn an_event_that_cannot_be_taken_stops_it_there_and_what_comes_before_is_kept(place: &Place) {
    let store = place.open().await;
    append(&*store, 1, vec![counted(1, "red"); 150]).await;
    append(&*store, 2, vec![counted(13, "red")]).await;
    append(&*store, 1, vec![counted(1, "red"); 150]).await;
    let app = one::<Wary>(store, 20).await;
    until("it has stopped", async || {
        let health = app.health().await.expect("the health");
        matches!(health.projections[0].state, ProjectionState::Stopped { .. })
    })
    .await;
    let health = app.health().await.expect("the health");
    let ProjectionState::Stopped { error, .. } = &health.projections[0].state else {
        panic!("{health:?}")
    };
    assert!(matches!(**error, Error::Panicked { id: Id(151), .. }), "{error:?}");
    let waited = app.view::<Wary>().after(Id(301)).await;
    assert!(matches!(waited, Err(Error::ProjectionStopped { .. })), "{waited:?}");
}

async fn ranges_are_merged_into_documents_that_are_stored_already(place: &Place) {
    let store = place.open().await;
    fill(&*store, 10, 20).await;
    let app = trails(store.clone(), 8).await;
    Trails::viewed(&app).await;
    app.shutdown(crate::place::PATIENCE).await.expect("an end in time");
    // Meanwhile the log has grown by much.
    fill(&*store, 20, 20).await;
    let app = trails(store.clone(), 8).await;
    let expected = Trails::of(&log(&*store).await, Id(u64::MAX));
    assert_eq!(Trails::viewed(&app).await, expected);
    assert!(app.verify::<StreamTrail>().await.expect("verified").is_equal());
}
