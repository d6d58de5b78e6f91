//! Several workers on one projection: one works, the others stand by; a stale one is refused.

use std::{
    future::IntoFuture,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use actum::{
    Error, ProjectionState, Result,
    prelude::*,
    store::{BoxFuture, Document, Store, ViewCommit, ViewId},
    testing::FakeClock,
};
use actum_tests::faulty::{Faults, Faulty};

use crate::{
    domain::{ByStream, Counter, Total, close, count, folded, start, total, viewed},
    place::{PATIENCE, Place, everywhere, until},
};

everywhere!(
    a_waiting_reader_is_answered_by_whichever_process_works,
    a_worker_that_stands_by_takes_over_when_the_lease_has_run_out,
    h20_a_worker_that_was_paused_beyond_its_lease_is_refused,
    h20_a_worker_that_is_paused_in_its_commit_shows_its_token,
    a_reader_beside_the_worker_is_not_kept_by_foreign_events,
    a_shutdown_gives_the_lease_back,
    partitions_are_spread_and_every_event_is_folded_once,
);

const LEASE: Duration = Duration::from_mins(1);

fn fake() -> FakeClock {
    FakeClock::at("2024-06-01T14:23:00Z".parse().expect("a time"))
}

async fn with_clock(store: impl Store, clock: &FakeClock) -> App {
    App::new(store)
        .with::<Counter>()
        .project::<Total>()
        .clock(clock.clone())
        .lease(LEASE)
        .start()
        .await
        .expect("an app")
}

async fn is(app: &App, wanted: impl Fn(&ProjectionState) -> bool) {
    until("the projection is as wanted", async || {
        wanted(&app.health().await.expect("the health").projections[0].state)
    })
    .await;
}

fn stands_by(state: &ProjectionState) -> bool {
    matches!(state, ProjectionState::Standby)
}

async fn a_waiting_reader_is_answered_by_whichever_process_works(place: &Place) {
    let (one, other) = (start(place.open().await).await, start(place.open().await).await);
    for n in 1..=20 {
        count(&other, "b", 1, "blue").await;
        let id = count(&one, "a", 1, "red").await;
        for app in [&one, &other] {
            let seen = app.view::<Total>().after(id).await.expect("a view");
            assert_eq!(seen, total(2 * n, 2 * n));
            // What concerns another document, or another partition, is no reason to wait.
            let seen = app.view::<ByStream>().key("Counter-b").after(id).await.expect("a view");
            assert_eq!(seen, Some(ByStream(total(n, n))));
        }
    }
    assert_eq!(viewed(&one).await, viewed(&other).await);
    assert_eq!(viewed(&one).await, folded(&**one.store()).await);
}

/// The first worker is gone without a word, as after kill -9: its lease goes on.
async fn a_worker_that_stands_by_takes_over_when_the_lease_has_run_out(place: &Place) {
    let clock = fake();
    let store = place.open().await;
    let now = actum::Clock::now(&clock);
    store.acquire(&lease(), "gone", now, LEASE).await.expect("asked").expect("free");
    let second = with_clock(place.open().await, &clock).await;
    count(&second, "a", 1, "red").await;
    let id = count(&second, "b", 2, "red").await;
    is(&second, stands_by).await;
    clock.advance(Duration::from_secs(59));
    let unseen = tokio::time::timeout(LEASE / 240, second.view::<Total>().after(id)).await;
    assert!(unseen.is_err(), "nobody works: {unseen:?}");
    clock.advance(Duration::from_secs(1));
    assert_eq!(second.view::<Total>().after(id).await.expect("a view"), total(2, 3));
    is(&second, |state| matches!(state, ProjectionState::Running)).await;
}

fn lease() -> String {
    format!("projection {}", view())
}

fn view() -> ViewId {
    ViewId { name: Total::NAME.into(), version: Total::VERSION }
}

/// What a worker sends that was paused after it had folded, while another took over.
async fn h20_a_worker_that_was_paused_beyond_its_lease_is_refused(place: &Place) {
    let clock = fake();
    let store = place.open().await;
    let now = actum::Clock::now(&clock);
    let paused = store.acquire(&lease(), "paused", now, LEASE).await.expect("asked").expect("free");
    let app = with_clock(place.open().await, &clock).await;
    count(&app, "a", 3, "red").await;
    let id = count(&app, "b", 4, "red").await;
    is(&app, stands_by).await;
    clock.advance(LEASE);
    assert_eq!(app.view::<Total>().after(id).await.expect("a view"), total(2, 7));
    let from = store.checkpoint(&view()).await.expect("a checkpoint");
    let data = Some(actum::Json::from_value(&total(100, 100)).expect("JSON"));
    let documents = vec![Document { key: String::new(), data }];
    let late = ViewCommit { view: view(), from, to: id.next(), documents, lease: Some(paused) };
    let refused = store.commit(late).await;
    assert!(matches!(refused, Err(Error::Fenced { .. })), "{refused:?}");
    assert_eq!(app.view::<Total>().await.expect("a view"), total(2, 7));
}

/// Holds the commits of documents back while a test has the lock.
#[derive(Default)]
struct Gate {
    commits: tokio::sync::RwLock<()>,
    waiting: AtomicU64,
    fenced: AtomicU64,
}

impl Faults for Gate {
    fn commit<'a>(&'a self, inner: &'a dyn Store, commit: ViewCommit) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.waiting.fetch_add(1, SeqCst);
            drop(self.commits.read().await);
            self.waiting.fetch_sub(1, SeqCst);
            let done = inner.commit(commit).await;
            self.fenced.fetch_add(u64::from(matches!(done, Err(Error::Fenced { .. }))), SeqCst);
            done
        })
    }
}

/// The other has the lease and has stored nothing yet: the checkpoint alone would let the commit
/// pass that was folded before.
async fn h20_a_worker_that_is_paused_in_its_commit_shows_its_token(place: &Place) {
    let clock = fake();
    let gated = Faulty::<Gate>::new(place.open().await);
    let gate = Arc::clone(&gated.faults);
    let app = with_clock(gated, &clock).await;
    let id = count(&app, "a", 3, "red").await;
    assert_eq!(soon(app.view::<Total>().after(id)).await.expect("a view"), total(1, 3));
    let held = gate.commits.write().await;
    count(&app, "b", 4, "red").await;
    until("the worker commits", async || gate.waiting.load(SeqCst) == 1).await;
    clock.advance(LEASE);
    let store = place.open().await;
    let now = actum::Clock::now(&clock);
    let other = store.acquire(&lease(), "other", now, LEASE).await.expect("asked").expect("free");
    drop(held);
    is(&app, stands_by).await;
    assert_eq!(gate.fenced.load(SeqCst), 1);
    assert_eq!(store.checkpoint(&view()).await.expect("a checkpoint"), id);
    store.release(&other).await.expect("released");
    assert_eq!(soon(app.view::<Total>().after(id.next())).await.expect("a view"), total(2, 7));
}

/// The worker has seen the foreign event and does not store a checkpoint for it; the clock stands
/// still, so that nobody else can take the lease.
async fn a_reader_beside_the_worker_is_not_kept_by_foreign_events(place: &Place) {
    let clock = fake();
    let worker = with_clock(place.open().await, &clock).await;
    count(&worker, "b", 1, "red").await;
    let id = count(&worker, "a", 2, "red").await;
    assert_eq!(soon(worker.view::<Total>().after(id)).await.expect("a view"), total(2, 3));
    let reader = with_clock(place.open().await, &clock).await;
    is(&reader, stands_by).await;
    let foreign = close(&worker, "b").await;
    soon(worker.view::<Total>().after(foreign)).await.expect("seen");
    assert_eq!(worker.store().checkpoint(&view()).await.expect("a checkpoint"), id);
    assert_eq!(soon(reader.view::<Total>().after(foreign)).await.expect("seen"), total(2, 3));
    is(&reader, stands_by).await;
}

/// What must not wait for ever.
async fn soon<T>(work: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work.into_future()).await.expect("it comes about")
}

async fn a_shutdown_gives_the_lease_back(place: &Place) {
    let clock = fake();
    let first = with_clock(place.open().await, &clock).await;
    count(&first, "b", 1, "red").await;
    let id = count(&first, "a", 1, "red").await;
    first.view::<Total>().after(id).await.expect("a view");
    let second = with_clock(place.open().await, &clock).await;
    is(&second, stands_by).await;
    first.shutdown(PATIENCE).await.expect("an end in time");
    let id = count(&second, "b", 2, "red").await;
    // The clock stands still: only a lease that was given back can be had.
    assert_eq!(soon(second.view::<Total>().after(id)).await.expect("a view"), total(3, 4));
}

/// Three processes act and project at once; they come and go.
async fn partitions_are_spread_and_every_event_is_folded_once(place: &Place) {
    for round in 0..3 {
        let mut apps = Vec::new();
        for _ in 0..3 {
            apps.push(start(place.open().await).await);
        }
        let acting = apps.iter().enumerate().map(|(at, app)| async move {
            for n in 0..40 {
                count(app, n % 4, n % 9, &format!("tag-{}-{}", n % 5, (at + round) % 2)).await;
            }
        });
        futures_util::future::join_all(acting).await;
        let expected = folded(&**apps[0].store()).await;
        for app in &apps {
            assert_eq!(viewed(app).await, expected);
        }
        for app in apps {
            app.shutdown(PATIENCE).await.expect("an end in time");
        }
    }
}
