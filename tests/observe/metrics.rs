//! What is counted, under which names and labels.

use std::{collections::BTreeMap, sync::OnceLock};

use actum::{prelude::*, store::Store, testing::FakeClock};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::account::{Account, Income, Paid, Pay, pay};

/// The metrics of this process; the tests share it, and tell theirs by the labels.
fn recorder() -> Snapshotter {
    static SNAPSHOTTER: OnceLock<Snapshotter> = OnceLock::new();
    let install = || {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        recorder.install().expect("the only one");
        snapshotter
    };
    SNAPSHOTTER.get_or_init(install).clone()
}

/// Each metric by its name and labels.
fn told(snapshotter: &Snapshotter) -> BTreeMap<String, DebugValue> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
        (format!("{} {}", key.key().name(), labels.join(" ")), value)
    })
    .collect()
}

async fn start(store: impl Store) -> App {
    let app = App::new(store).with::<Account>().project::<Income>();
    app.start().await.expect("an app")
}

#[tokio::test]
async fn actions_are_counted_by_what_came_of_them() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _heard = metrics::set_default_local_recorder(&recorder);
    let store = Memory::new();
    let (one, two) = (start(store.clone()).await, start(store).await);
    for id in ["a", "b"] {
        one.act::<Account>(id, pay(1)).key(id).await.expect("paid");
        one.act::<Account>(id, pay(1)).key(id).await.expect("paid before");
        two.act::<Account>(id, pay(2)).await.expect("paid by the other");
        one.act::<Account>(id, pay(3)).await.expect("decided again");
        one.act::<Account>(id, pay(0)).await.expect("nothing");
        one.act::<Account>(id, pay(101)).await.expect_err("too much");
        one.act::<Account>(id, pay(1)).expect(Version(1)).await.expect_err("it is at 3");
    }
    let told = told(&snapshotter);
    for (name, count) in [
        ("actum_actions_total Account Pay stored", 6),
        ("actum_actions_total Account Pay repeated", 2),
        ("actum_actions_total Account Pay unchanged", 2),
        ("actum_actions_total Account Pay rejected", 2),
        ("actum_actions_total Account Pay conflict", 2),
        ("actum_conflicts_total Account Pay", 2),
        ("actum_retries_total Account Pay", 2),
    ] {
        assert_eq!(told.get(name), Some(&DebugValue::Counter(count)), "{name} of {told:#?}");
    }
    let Some(DebugValue::Histogram(seconds)) = told.get("actum_append_seconds Account") else {
        panic!("{told:#?}")
    };
    assert_eq!(seconds.len(), 8, "six that were stored, two that met a conflict");
    assert!(seconds.iter().all(|seconds| (0.0..10.0).contains(&seconds.0)));
}

#[tokio::test]
async fn a_projection_tells_its_lag() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _heard = metrics::set_default_local_recorder(&recorder);
    let app = start(Memory::new()).await;
    app.act::<Account>("a", pay(1)).await.expect("paid");
    let done = app.act::<Account>("b", pay(2)).await.expect("paid");
    assert_eq!(app.view::<Income>().after(done.id).await.expect("a view").0, 3);
    let told = told(&snapshotter);
    for name in ["actum_lag_events Income", "actum_lag_seconds Income"] {
        assert_eq!(told.get(name), Some(&DebugValue::Gauge(0.0.into())), "{name} of {told:#?}");
    }
}

/// Pays one cent an hour after each payment of more.
struct Interest;

#[reaction(backoff = "1ms", longest = "1ms")]
impl Interest {
    async fn paid(
        &self,
        event: &Committed<Paid>,
        more: Ask<'_, Account, Pay>,
    ) -> Result<(), Fault> {
        if event.data.cents > 1 {
            more.later(HOUR, event.stream.id(), pay(1)).await?;
        }
        Ok(())
    }
}

const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

#[tokio::test]
async fn a_reaction_tells_its_lag_and_its_timers() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _heard = metrics::set_default_local_recorder(&recorder);
    let clock = FakeClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
    let store = Memory::new();
    let app = App::new(store.clone()).with::<Account>().react(Interest).clock(clock.clone());
    let app = app.start().await.expect("an app");
    app.act::<Account>("a", pay(2)).await.expect("paid");
    let done = app.act::<Account>("b", pay(3)).await.expect("paid");
    app.settled::<Interest>(done.id).await.expect("settled");
    let mut known = told(&snapshotter);
    assert_eq!(known.get("actum_timers Interest"), Some(&DebugValue::Gauge(2.0.into())));
    assert_eq!(app.health().await.expect("the health").reactions[0].timers, 2);
    // Another process that does not run it tells the same of it.
    let other = App::new(store).with::<Account>().react(Interest).clock(clock.clone());
    let other = other.start().await.expect("an app");
    assert_eq!(other.health().await.expect("the health").reactions[0].timers, 2);
    drop(other);
    clock.advance(HOUR);
    let is_over = async {
        while app.health().await.expect("the health").reactions[0].timers > 0 {
            tokio::task::yield_now().await;
        }
        app.settled::<Interest>(Id(4)).await.expect("settled");
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), is_over).await.expect("in time");
    // What was told before and has not changed since is not told again.
    known.extend(told(&snapshotter));
    for name in ["actum_timers", "actum_lag_events", "actum_lag_seconds"] {
        let name = format!("{name} Interest");
        assert_eq!(known.get(&name), Some(&DebugValue::Gauge(0.0.into())), "{name} of {known:#?}");
    }
    assert_eq!(app.load::<Account>("a").await.expect("loaded").cents, 3);
    assert_eq!(app.load::<Account>("b").await.expect("loaded").cents, 4);
}

#[tokio::test]
async fn a_reaction_that_waits_tells_how_long() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _heard = metrics::set_default_local_recorder(&recorder);
    let clock = FakeClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
    let store = Memory::new();
    let writer = App::new(store.clone()).with::<Account>().clock(clock.clone());
    let writer = writer.start().await.expect("an app");
    writer.act::<Account>("a", pay(2)).await.expect("paid");
    writer.act::<Account>("b", pay(2)).await.expect("paid");
    clock.advance(HOUR);
    let (go, going) = tokio::sync::watch::channel(false);
    let app = App::new(store).with::<Account>().react(Held(going)).clock(clock.clone());
    let app = app.start().await.expect("an app");
    let mut known = BTreeMap::new();
    let is_told = |known: &BTreeMap<_, _>, events: f64, seconds: f64| {
        known.get("actum_lag_events Held") == Some(&DebugValue::Gauge(events.into()))
            && known.get("actum_lag_seconds Held") == Some(&DebugValue::Gauge(seconds.into()))
    };
    let wait = async {
        while !is_told(&known, 2.0, 3600.0) {
            known.extend(told(&snapshotter));
            tokio::task::yield_now().await;
        }
        go.send_replace(true);
        while !is_told(&known, 0.0, 0.0) {
            known.extend(told(&snapshotter));
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(30), wait).await;
    assert!(told.is_ok(), "{known:#?}");
    drop(app);
}

/// Waits until it may go on.
struct Held(tokio::sync::watch::Receiver<bool>);

#[reaction]
impl Held {
    async fn paid(&self, _: &Committed<Paid>) -> Result<(), Fault> {
        self.0.clone().wait_for(|go| *go).await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_commits_together_is_counted() {
    let snapshotter = recorder();
    let folder = tempfile::tempdir().expect("a folder");
    let store = Sqlite::open(folder.path().join("log.db")).await.expect("a store");
    let app = App::new(store).with::<Account>().start().await.expect("an app");
    let acts = (0..64).map(|id| app.act::<Account>(id, pay(1)).into_future());
    for done in futures_util::future::join_all(acts).await {
        done.expect("paid");
    }
    let told = told(&snapshotter);
    let Some(DebugValue::Histogram(groups)) = told.get("actum_append_group sqlite") else {
        panic!("{told:#?}")
    };
    let requests: f64 = groups.iter().map(|group| group.0).sum();
    assert!(requests >= 64.0 && groups.iter().all(|group| group.0 >= 1.0), "{groups:?}");
    assert!(groups.iter().any(|group| group.0 > 1.0), "64 at a time: {groups:?}");
}

#[tokio::test]
async fn every_metric_stands_in_the_table_with_its_unit() {
    let recorder = Described::default();
    let _heard = metrics::set_default_local_recorder(&recorder);
    drop(start(Memory::new()).await);
    let table = include_str!("../../core/src/docs/observability.md");
    let described = recorder.0.lock().expect("no panic").clone();
    assert!(described.len() >= 7, "{described:?}");
    for (name, unit) in &described {
        let row = table.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        assert!(row.contains(&format!("| {} |", unit.as_str())), "{row}");
    }
    let rows = table.lines().filter(|line| line.starts_with("| `actum_")).count();
    assert_eq!(rows, described.len(), "{described:?}");
}

/// Keeps what is described.
#[derive(Default)]
struct Described(std::sync::Mutex<BTreeMap<String, metrics::Unit>>);

impl Described {
    fn keep(&self, name: &metrics::KeyName, unit: Option<metrics::Unit>) {
        let unit = unit.expect("a unit");
        self.0.lock().expect("no panic").insert(name.as_str().to_owned(), unit);
    }
}

impl metrics::Recorder for Described {
    fn describe_counter(
        &self,
        key: metrics::KeyName,
        unit: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
        self.keep(&key, unit);
    }
    fn describe_gauge(
        &self,
        key: metrics::KeyName,
        unit: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
        self.keep(&key, unit);
    }
    fn describe_histogram(
        &self,
        key: metrics::KeyName,
        unit: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
        self.keep(&key, unit);
    }
    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        metrics::Counter::noop()
    }
    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }
    fn register_histogram(
        &self,
        _: &metrics::Key,
        _: &metrics::Metadata<'_>,
    ) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}
