//! What reactions and projections make of a log that was copied.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use actum::{
    ParkedWhat,
    prelude::*,
    store::{Store, ViewId},
    testing::FakeClock,
    transfer::{self, Fault, Foreign, Reactions},
};
use serde::{Deserialize, Serialize};

use crate::place::{Pair, all, everywhere, fill};

everywhere!(
    h15_a_reaction_goes_on_where_it_stood_and_everything_is_delivered_once,
    h15_a_projection_is_built_anew_from_all_events,
    a_reaction_that_begins_again_asks_nothing_twice,
    a_reaction_that_is_new_may_count_all_as_seen,
    streams_of_a_reaction_get_their_new_names,
    a_reaction_at_work_is_not_copied,
);

#[derive(Event, Serialize, Deserialize)]
struct Opened;
#[derive(Event, Serialize, Deserialize)]
struct Rung {
    /// The version of the event that it was rung for.
    what: u64,
}

#[derive(Events)]
enum TaskEvent {
    Opened(Opened),
    Rung(Rung),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = TaskEvent)]
struct Task {
    opened: u64,
    rung: Vec<u64>,
}

#[patch]
impl Task {
    fn opened(&mut self, _: Opened) {
        self.opened += 1;
    }
    fn rung(&mut self, event: Rung) {
        self.rung.push(event.what);
    }
}

#[derive(Serialize, Deserialize)]
struct Open;
#[derive(Serialize, Deserialize)]
struct Ring {
    what: u64,
}

#[action]
impl Task {
    fn open(&self, _: Open) -> Result<Opened, Infallible> {
        Ok(Opened)
    }
    fn ring(&self, Ring { what }: Ring) -> Result<Rung, Infallible> {
        Ok(Rung { what })
    }
}

#[derive(Default, Serialize, Deserialize, Debug, PartialEq)]
struct Rings {
    count: u64,
}

#[projection]
impl Rings {
    fn rung(&mut self, _: &Committed<Rung>) {
        self.count += 1;
    }
}

/// Rings at once, or after an hour for tasks that begin with `later`; refuses those that begin with
/// `bad` while it is told to.
#[derive(Clone, Default)]
struct Bell {
    calls: Arc<Mutex<Vec<(String, u64)>>>,
    refuses: bool,
}

#[reaction(attempts = 1, backoff = "1ms", lease = "2s")]
impl Bell {
    async fn opened(
        &self,
        event: &Committed<Opened>,
        ring: Ask<'_, Task, Ring>,
    ) -> Result<(), actum::Fault> {
        let (id, what) = (event.stream.id(), event.version.0);
        self.calls.lock().expect("no panic").push((id.to_owned(), what));
        if self.refuses && id.starts_with("bad") {
            return Err(actum::Fault::park("not now"));
        }
        if id.starts_with("later") {
            ring.later(HOUR, id, Ring { what }).key(id).await?;
        } else {
            ring.act(id, Ring { what }).await?;
        }
        Ok(())
    }
}

const HOUR: Duration = Duration::from_hours(1);
const PATIENCE: Duration = Duration::from_secs(30);

fn clock() -> FakeClock {
    FakeClock::at("2026-01-01T00:00:00Z".parse().expect("a time"))
}

async fn start(store: &Arc<dyn Store>, bell: &Bell, clock: &FakeClock) -> App {
    let app = App::new(Arc::clone(store)).with::<Task>().project::<Rings>().react(bell.clone());
    app.clock(clock.clone()).start().await.expect("it starts")
}

async fn open(app: &App, id: &str) -> Id {
    let done = app.act::<Task>(id, Open).await.expect("opened");
    settled(app, done.id).await;
    done.id
}

async fn settled(app: &App, id: Id) {
    let settled = tokio::time::timeout(PATIENCE, app.settled::<Bell>(id)).await;
    settled.expect("in time").expect("settled");
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "waited in vain until {what}");
}

async fn rung(app: &App, id: &str) -> Vec<u64> {
    app.load::<Task>(id).await.expect("loaded").rung.clone()
}

/// Tasks of which one was rung, one will be, and one is parked with an event behind it.
async fn filled(store: &Arc<dyn Store>) {
    let app = start(store, &Bell { refuses: true, ..Bell::default() }, &clock()).await;
    for id in ["bad-1", "now-1", "later-1", "now-2", "bad-1"] {
        open(&app, id).await;
    }
    app.shutdown(PATIENCE).await.expect("it ends");
}

async fn h15_a_reaction_goes_on_where_it_stood_and_everything_is_delivered_once(pair: &Pair) {
    let (from, to) = (&pair.from.store, &pair.to.store);
    filled(from).await;
    // Every id is another in the target.
    fill(&**to, "Other-1", 100).await;
    let report = transfer::copy(from, to).await.expect("copied");
    let moved = &report.reactions[0];
    assert_eq!((moved.name.as_str(), moved.timers, moved.lanes), ("Bell", 1, 1));
    assert_eq!(moved.to.0, moved.from.0 + 100);

    let (bell, clock) = (Bell::default(), clock());
    let app = start(to, &bell, &clock).await;
    let parked = app.parked::<Bell>().await.expect("listed");
    assert_eq!((parked.len(), parked[0].event, parked[0].stream.id()), (1, Id(101), "bad-1"));
    assert!(matches!(parked[0].what, ParkedWhat::Event { version: Version(1), .. }));
    open(&app, "now-1").await;
    assert_eq!(*bell.calls.lock().expect("no panic"), [("now-1".to_owned(), 3)]);
    assert_eq!(rung(&app, "now-1").await, [1, 3]);

    app.parked::<Bell>().unpark(&parked[0].stream).await.expect("asked");
    until("what was parked is rung", async || rung(&app, "bad-1").await == [1, 2]).await;
    clock.advance(HOUR);
    until("the timer has acted", async || rung(&app, "later-1").await == [1]).await;
    let events = app.history::<Task>("later-1").expect("a name").all().await.expect("read");
    let cause = format!("Ring#{}", events[0].id);
    assert_eq!(events[1].meta.causation(), Some(&*cause));
    // It is known by its new id, so that nothing acts twice.
    let key = format!("react/{}/1/Bell", events[0].id);
    assert_eq!(events[1].meta.key(), Some(&*key));
    open(&app, "later-1").await;
    clock.advance(HOUR);
    until("the new timer has acted", async || rung(&app, "later-1").await == [1, 3]).await;
    app.shutdown(PATIENCE).await.expect("it ends");
    let calls = bell.calls.lock().expect("no panic").len();
    assert_eq!(calls, 4, "two new events, and two that were parked");
}

async fn h15_a_projection_is_built_anew_from_all_events(pair: &Pair) {
    let (from, to) = (&pair.from.store, &pair.to.store);
    filled(from).await;
    let report = transfer::copy(from, to).await.expect("copied");
    assert_eq!(report.projections_anew, ["Rings (version 1)"]);
    let app = start(to, &Bell::default(), &clock()).await;
    let head = to.head().await.expect("a head");
    let view = tokio::time::timeout(PATIENCE, app.view::<Rings>().after(head));
    assert_eq!(view.await.expect("in time").expect("a view"), Rings { count: 2 });
    app.shutdown(PATIENCE).await.expect("it ends");
}

async fn a_reaction_that_begins_again_asks_nothing_twice(pair: &Pair) {
    let (from, to) = (&pair.from.store, &pair.to.store);
    filled(from).await;
    fill(&**to, "Other-1", 9).await;
    let report = transfer::copy(from, to).reactions(Reactions::Again).await.expect("copied");
    assert_eq!(report.reactions[0].to, Id(0));
    let (bell, clock) = (Bell::default(), clock());
    let app = start(to, &bell, &clock).await;
    settled(&app, to.head().await.expect("a head")).await;
    let mut calls = bell.calls.lock().expect("no panic").clone();
    calls.sort();
    let wanted = [("bad-1", 1), ("bad-1", 2), ("later-1", 1), ("now-1", 1), ("now-2", 1)];
    assert_eq!(calls, wanted.map(|(id, version)| (id.to_owned(), version)));
    assert_eq!((rung(&app, "now-1").await, rung(&app, "bad-1").await), (vec![1], vec![1, 2]));
    clock.advance(HOUR);
    until("the timer has acted", async || rung(&app, "later-1").await == [1]).await;
    app.shutdown(PATIENCE).await.expect("it ends");
}

async fn a_reaction_that_is_new_may_count_all_as_seen(pair: &Pair) {
    let to = &pair.to.store;
    fill(&*pair.from.store, "Other-1", 1).await;
    let line = |id: u64| {
        format!(
            r#"{{"name":"Opened","data":null,"stream":"Task-{id}","created":"2024-06-01T14:23:00Z"}}"#
        )
    };
    let foreign = Foreign::text((1..=9).map(line).collect::<Vec<_>>().join("\n"));
    transfer::import(&foreign, to).seen_by("Bell").await.expect("imported");
    let bell = Bell::default();
    let app = start(to, &bell, &clock()).await;
    open(&app, "1").await;
    assert_eq!(*bell.calls.lock().expect("no panic"), [("1".to_owned(), 2)]);
    app.shutdown(PATIENCE).await.expect("it ends");
}

async fn streams_of_a_reaction_get_their_new_names(pair: &Pair) {
    let (from, to) = (&pair.from.store, &pair.to.store);
    filled(from).await;
    let rename = |stream: &StreamId| StreamId::new("Task", format!("{}-x", stream.id()));
    transfer::copy(from, to).rename(rename).await.expect("copied");
    let (bell, clock) = (Bell::default(), clock());
    let app = start(to, &bell, &clock).await;
    let parked = app.parked::<Bell>().await.expect("listed");
    assert_eq!(parked[0].stream.as_str(), "Task-bad-1-x");
    app.parked::<Bell>().skip(&parked[0].stream).await.expect("asked");
    until("the event behind it is rung", async || rung(&app, "bad-1-x").await == [2]).await;
    clock.advance(HOUR);
    until("the timer has acted", async || rung(&app, "later-1-x").await == [1]).await;
    app.shutdown(PATIENCE).await.expect("it ends");
    let merged = transfer::copy(from, &actum::store::Memory::new())
        .rename(|_| "Task-all".parse())
        .merge()
        .await;
    let Err(actum::Error::Transfer(fault)) = merged else { panic!("{merged:?}") };
    assert!(matches!(*fault, Fault::ParkedMerged { .. }), "{fault}");
}

async fn a_reaction_at_work_is_not_copied(pair: &Pair) {
    let (from, to) = (&pair.from.store, &pair.to.store);
    let app = start(from, &Bell::default(), &FakeClock::at(Timestamp::now())).await;
    open(&app, "now-1").await;
    let refused = transfer::copy(from, to).await.expect_err("an app is at work");
    let actum::Error::Transfer(fault) = refused else { panic!("{refused}") };
    assert!(matches!(*fault, Fault::InUse { .. }), "{fault}");
    assert_eq!(all(&**to).await, []);
    app.shutdown(PATIENCE).await.expect("it ends");
    let report = transfer::copy(from, to).await.expect("copied");
    assert_eq!(report.copied, 2);
    let view = ViewId { name: "reaction/Bell".into(), version: 0 };
    let seen = to.checkpoint(&view).await.expect("kept");
    let again = transfer::copy(from, to).await.expect_err("it is there already");
    assert!(again.to_string().contains("has begun in the target already"), "{again}");
    assert_eq!(to.checkpoint(&view).await.expect("kept"), seen);
}
