//! Timers: kept like events, due by the clock of the app, each acts once.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use actum::{
    ParkedWhat,
    prelude::*,
    store::{Store, ViewId},
    testing::FakeClock,
};
use serde::{Deserialize, Serialize};

use crate::{
    faulty::Faulty,
    place::{PATIENCE, Place, everywhere, until},
};

everywhere!(
    a_timer_acts_when_it_is_due_and_tells_its_cause,
    timers_survive_a_restart,
    a_timer_at_a_time_that_has_passed_is_due_at_once,
    a_handler_cancels_by_key,
    the_app_cancels_by_key,
    the_same_key_replaces,
    a_timer_that_acted_before_a_crash_acts_once,
    a_timer_that_is_refused_is_parked,
    many_timers_due_at_once_all_act,
);

#[derive(Event, Serialize, Deserialize)]
struct Opened;
#[derive(Event, Serialize, Deserialize)]
struct Closed;
#[derive(Event, Serialize, Deserialize)]
struct Rung {
    note: String,
}

#[derive(Events)]
enum TaskEvent {
    Opened(Opened),
    Closed(Closed),
    Rung(Rung),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = TaskEvent)]
struct Task {
    closed: bool,
    rung: Vec<String>,
}

#[patch]
impl Task {
    fn opened(&mut self, _: Opened) {}
    fn closed(&mut self, _: Closed) {
        self.closed = true;
    }
    fn rung(&mut self, event: Rung) {
        self.rung.push(event.note);
    }
}

#[derive(Serialize, Deserialize)]
struct Open;
#[derive(Serialize, Deserialize)]
struct Close;
#[derive(Serialize, Deserialize)]
struct Ring {
    note: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the task is closed")]
struct IsClosed;

#[action]
impl Task {
    fn open(&self, _: Open) -> Result<Opened, IsClosed> {
        Ok(Opened)
    }
    fn close(&self, _: Close) -> Result<Closed, IsClosed> {
        Ok(Closed)
    }
    fn ring(&self, Ring { note }: Ring) -> Result<Rung, IsClosed> {
        if self.closed { Err(IsClosed) } else { Ok(Rung { note }) }
    }
}

/// Rings an hour after a task was opened, unless it was closed.
struct Bell;

#[reaction(attempts = 3, backoff = "1ms", longest = "4ms")]
impl Bell {
    async fn opened(
        &self,
        event: &Committed<Opened>,
        ring: Ask<'_, Task, Ring>,
    ) -> Result<(), Fault> {
        let id = event.stream.id();
        let note = event.version.to_string();
        match id.chars().next() {
            Some('p') => ring.later(Timestamp::UNIX_EPOCH, id, Ring { note }).await?,
            _ => ring.later(HOUR, id, Ring { note }).key(id).actor("bell").await?,
        }
        Ok(())
    }

    async fn closed(&self, event: &Committed<Closed>, cx: &Cx) -> Result<(), Fault> {
        if !event.stream.id().starts_with('x') {
            cx.cancel(event.stream.id());
        }
        Ok(())
    }
}

const HOUR: Duration = Duration::from_hours(1);

fn clock() -> FakeClock {
    FakeClock::at("2026-01-01T00:00:00Z".parse().expect("a time"))
}

async fn start(store: impl Store, clock: &FakeClock) -> App {
    let app = App::new(store).with::<Task>().react(Bell).clock(clock.clone());
    app.start().await.expect("it starts")
}

async fn open(app: &App, id: &str) -> Id {
    let done = app.act::<Task>(id, Open).await.expect("opened");
    settled(app, done.id).await;
    done.id
}

async fn close(app: &App, id: &str) {
    let done = app.act::<Task>(id, Close).await.expect("closed");
    settled(app, done.id).await;
}

async fn settled(app: &App, id: Id) {
    let settled = tokio::time::timeout(PATIENCE, app.settled::<Bell>(id)).await;
    settled.expect("in time").expect("settled");
}

async fn rung(app: &App, id: &str) -> Vec<String> {
    app.load::<Task>(id).await.expect("loaded").rung.clone()
}

/// How many documents of a kind the reaction has.
async fn kept(app: &App, prefix: &str) -> usize {
    let view = ViewId { name: "reaction/Bell".into(), version: 0 };
    app.store().documents(&view, prefix, None, 9_999).await.expect("read").len()
}

/// Waits until no timer is left, kept or named.
async fn all_done(app: &App) {
    until("no timer is left", async || kept(app, "t/").await == 0).await;
    until("no name is left", async || kept(app, "k/").await == 0).await;
}

async fn a_timer_acts_when_it_is_due_and_tells_its_cause(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    let a = open(&app, "a").await;
    clock.advance(HOUR / 2);
    open(&app, "b").await;
    clock.advance(HOUR / 2);
    until("a is rung", async || rung(&app, "a").await == ["1"]).await;
    until("only b waits", async || kept(&app, "t/").await == 1).await;
    assert!(rung(&app, "b").await.is_empty());
    let events = app.history::<Task>("a").expect("a name").all().await.expect("read");
    let (opened, ring) = (&events[0], &events[1]);
    assert_eq!(ring.meta.causation(), Some(&*format!("Ring#{a}")));
    assert_eq!(ring.meta.correlation(), opened.meta.correlation());
    assert_eq!(ring.meta.actor(), Some("bell"));
    clock.advance(HOUR / 2);
    all_done(&app).await;
    assert_eq!((rung(&app, "a").await.len(), rung(&app, "b").await.len()), (1, 1));
}

async fn timers_survive_a_restart(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    open(&app, "a").await;
    open(&app, "b").await;
    app.shutdown(PATIENCE).await.expect("in time");
    clock.advance(2 * HOUR);
    let app = start(at.open().await, &clock).await;
    all_done(&app).await;
    assert_eq!((rung(&app, "a").await.len(), rung(&app, "b").await.len()), (1, 1));
}

async fn a_timer_at_a_time_that_has_passed_is_due_at_once(at: Place) {
    let app = start(at.open().await, &clock()).await;
    open(&app, "p").await;
    open(&app, "a").await;
    until("it is rung", async || rung(&app, "p").await == ["1"]).await;
    assert!(rung(&app, "a").await.is_empty());
}

async fn a_handler_cancels_by_key(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    open(&app, "a").await;
    open(&app, "b").await;
    close(&app, "a").await;
    clock.advance(HOUR);
    all_done(&app).await;
    assert_eq!(rung(&app, "b").await, ["1"]);
    assert_eq!(kept(&app, "p/").await, 0, "a timer that is cancelled asks nothing");
}

async fn the_app_cancels_by_key(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    open(&app, "a").await;
    open(&app, "b").await;
    app.cancel_timer::<Bell>("a").await.expect("asked");
    app.cancel_timer::<Bell>("never set").await.expect("asked");
    until("its name is gone", async || kept(&app, "k/").await == 1).await;
    clock.advance(HOUR);
    all_done(&app).await;
    assert_eq!((rung(&app, "a").await.len(), rung(&app, "b").await.len()), (0, 1));
}

async fn the_same_key_replaces(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    open(&app, "a").await;
    open(&app, "b").await;
    clock.advance(HOUR / 2);
    open(&app, "a").await;
    clock.advance(HOUR / 2);
    until("b is rung", async || rung(&app, "b").await == ["1"]).await;
    until("the first is gone", async || kept(&app, "t/").await == 1).await;
    assert!(rung(&app, "a").await.is_empty());
    clock.advance(HOUR / 2);
    all_done(&app).await;
    assert_eq!(rung(&app, "a").await, ["2"]);
}

async fn a_timer_that_acted_before_a_crash_acts_once(at: Place) {
    let clock = clock();
    let faulty = Faulty::new(at.open().await);
    let app = start(faulty.clone(), &clock).await;
    open(&app, "a").await;
    open(&app, "b").await;
    until("both are kept", async || kept(&app, "t/").await == 2).await;
    faulty.refuses_views.store(true, SeqCst);
    clock.advance(HOUR);
    until("both are rung", async || {
        rung(&app, "a").await.len() == 1 && rung(&app, "b").await.len() == 1
    })
    .await;
    assert_eq!(kept(&app, "t/").await, 2, "their end is not stored");
    drop(app);
    // Its lease was not given back.
    clock.advance(Duration::from_mins(1));
    let app = start(at.open().await, &clock).await;
    all_done(&app).await;
    assert_eq!((rung(&app, "a").await.len(), rung(&app, "b").await.len()), (1, 1));
}

async fn a_timer_that_is_refused_is_parked(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    open(&app, "x").await;
    open(&app, "b").await;
    close(&app, "x").await;
    clock.advance(HOUR);
    until("it is parked", async || kept(&app, "p/").await == 1).await;
    all_done(&app).await;
    assert_eq!(rung(&app, "b").await, ["1"]);
    let [one] = &app.parked::<Bell>().await.expect("read")[..] else { panic!("one is parked") };
    assert_eq!((one.attempts, &*one.error), (1, "the task is closed"));
    assert!(matches!(&one.what, ParkedWhat::Timer { action, .. } if action == "Ring"));
    // It holds up nothing, and can be left out.
    let stream: StreamId = "Task-x".parse().expect("a name");
    open(&app, "x").await;
    app.parked::<Bell>().retry(&stream).await.expect("asked");
    until("it was tried again", async || {
        app.parked::<Bell>().await.expect("read").first().is_some_and(|one| one.attempts == 2)
    })
    .await;
    app.parked::<Bell>().skip(&stream).await.expect("asked");
    until("it is gone", async || app.parked::<Bell>().await.expect("read").is_empty()).await;
    until("all is well", async || app.health().await.expect("health").is_well()).await;
}

async fn many_timers_due_at_once_all_act(at: Place) {
    let clock = clock();
    let app = start(at.open().await, &clock).await;
    let ids: Vec<_> = (0..600).map(|number| format!("a{number}")).collect();
    let mut last = Id(0);
    for id in &ids {
        last = app.act::<Task>(id, Open).await.expect("opened").id;
    }
    settled(&app, last).await;
    clock.advance(HOUR);
    all_done(&app).await;
    for id in ids {
        assert_eq!(rung(&app, &id).await, ["1"], "{id}");
    }
}
