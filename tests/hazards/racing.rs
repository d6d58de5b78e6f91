//! Several processes on one file, many tasks on one stream, and futures that are dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::IntoFuture,
    path::PathBuf,
    task::{Context, Waker},
    time::Duration,
};

use actum::{
    Error, Json,
    prelude::*,
    store::{Batch, Log, NewEvent, Store},
};
use futures_util::{StreamExt, future::join_all};

use super::{
    Arc, PATIENCE,
    domain::{Count, Counter, Totals},
    log,
    process::{Helper, say},
    stores,
};

const PROCESSES: u64 = 4;

/// How many versions the racers fight for on each stream.
const VERSIONS: u64 = 40;

const STREAMS: [&str; 3] = ["S-1", "S-2", "S-3"];

/// Role: fights for every version of a few streams while it reads along.
pub async fn race(file: PathBuf, process: u64) {
    let store = actum::store::Sqlite::open(file).await.expect("it opens");
    let tail = tokio::spawn(tail(store.clone()));
    let racers = STREAMS.map(|name| {
        let store = store.clone();
        async move {
            let stream: StreamId = name.parse().expect("a name");
            let mut version = Version(0);
            while version.0 < VERSIONS {
                let event = NewEvent::new("Won", Json::from_value(&process).expect("JSON"));
                let expected = Expected::Version(version);
                match store.append(Batch::new(stream.clone(), expected, vec![event])).await {
                    Ok(appended) => {
                        version = version.next();
                        say(&format!("won {name} {version} {}", appended.id()));
                    }
                    Err(Error::Conflict(conflict)) => version = conflict.actual,
                    Err(error) => panic!("{error}: {error:?}"),
                }
            }
        }
    });
    join_all(racers).await;
    let seen = tail.await.expect("no panic");
    say(&format!("saw {}", serde_json::to_string(&seen).expect("JSON")));
}

/// Follows the log with the last id as its only memory.
async fn tail(store: actum::store::Sqlite) -> Vec<u64> {
    let all = usize::try_from(VERSIONS).expect("a few") * STREAMS.len();
    let mut seen = Vec::new();
    let mut watch = store.watch();
    while seen.len() < all {
        let last = seen.last().copied().unwrap_or_default();
        let mut pages = store.read(Query::all().after(Id(last)));
        while let Some(page) = pages.next().await {
            seen.extend(page.expect("a page").iter().map(|event| event.id.0));
        }
        // Four readers that never pause would leave the writers no processor.
        let _ = tokio::time::timeout(Duration::from_millis(5), watch.grown()).await;
    }
    seen
}

#[tokio::test]
async fn h01_four_processes_win_each_version_once_and_readers_skip_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let helpers: Vec<_> = (0..PROCESSES).map(|at| Helper::start("race", &file, at)).collect();
    let mut won = BTreeMap::new();
    let mut seen = Vec::new();
    for (process, helper) in (0..PROCESSES).zip(helpers) {
        for line in helper.finish() {
            let said: Vec<_> = line.split(' ').collect();
            match said[..] {
                ["won", stream, version, id] => {
                    let place = (stream.to_owned(), version.parse::<u64>().expect("a version"));
                    let winner = (id.parse::<u64>().expect("an id"), process);
                    assert_eq!(won.insert(place, winner), None, "two winners: {line}");
                }
                ["saw", ids] => seen.push(serde_json::from_str::<Vec<u64>>(ids).expect("ids")),
                _ => panic!("{line}"),
            }
        }
    }
    let store = actum::store::Sqlite::open(&file).await.expect("it opens");
    let events = log(&store).await;
    let stored: BTreeMap<_, _> = events
        .iter()
        .map(|event| {
            let winner: u64 = event.data.decode().expect("a number");
            ((event.stream.to_string(), event.version.0), (event.id.0, winner))
        })
        .collect();
    assert_eq!(stored, won);
    let ids: Vec<_> = events.iter().map(|event| event.id.0).collect();
    assert_eq!(seen, vec![ids; 4]);
}

/// Role: counts on one stream from 8 tasks, and on another, while it projects.
pub async fn count(file: PathBuf, process: u64) {
    let store = actum::store::Sqlite::open(file).await.expect("it opens");
    let app = App::new(store).with::<Counter>().project::<Totals>().retries(10_000).start().await;
    let app = app.expect("it starts");
    let tasks = (0..8_u64).map(|task| {
        let app = app.clone();
        tokio::spawn(async move {
            for at in 0..5_u64 {
                let id = if at == 4 { "other" } else { "one" };
                let by = process * 8 + task + 1;
                let done = app.act::<Counter>(id, Count { by }).await.expect("stored");
                say(&format!("ok {} {} {by}", done.stream, done.id));
                let seen = app.view::<Totals>().after(done.id).await.expect("it runs");
                assert!(seen.streams[done.stream.as_str()].0 >= done.version.0);
            }
        })
    });
    for task in join_all(tasks).await {
        task.expect("no panic");
    }
}

#[tokio::test]
async fn h01_four_processes_act_and_project_on_one_file_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let helpers: Vec<_> = (0..PROCESSES).map(|at| Helper::start("count", &file, at)).collect();
    let mut done = Totals::default();
    let mut ids = BTreeSet::new();
    for line in helpers.into_iter().flat_map(Helper::finish) {
        let said: Vec<_> = line.split(' ').collect();
        let ["ok", stream, id, by] = said[..] else { panic!("{line}") };
        assert!(ids.insert(id.to_owned()), "one id for two actions: {line}");
        done.add(stream, by.parse().expect("a number"));
    }
    let store = actum::store::Sqlite::open(&file).await.expect("it opens");
    assert_eq!(Totals::fold(&log(&store).await, Id(u64::MAX)), done);
    let app = App::new(store).with::<Counter>().project::<Totals>().start().await.expect("starts");
    let head = super::head(&app).await;
    assert_eq!(app.view::<Totals>().after(head).await.expect("it runs"), done);
    let counted = app.load::<Counter>("one").await.expect("loaded").count;
    assert_eq!(counted, done.streams["Counter-one"].1);
}

async fn started(store: impl Store) -> App {
    App::new(store).with::<Counter>().project::<Totals>().start().await.expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_thirty_two_tasks_on_one_stream_each_act_once() {
    for (store, _kept) in stores().await {
        let app = started(store).await;
        let tasks = (0..32_u64).map(|task| {
            let app = app.clone();
            tokio::spawn(async move {
                for at in 0..8_u64 {
                    let id = if at == 7 { "b" } else { "a" };
                    app.act::<Counter>(id, Count { by: task }).await.expect("stored");
                }
            })
        });
        for task in join_all(tasks).await {
            task.expect("no panic");
        }
        let counted = app.load::<Counter>("a").await.expect("loaded");
        assert_eq!((counted.version(), counted.count), (Version(32 * 7), 496 * 7));
        let head = super::head(&app).await;
        let seen = app.view::<Totals>().after(head).await.expect("it runs");
        assert_eq!(seen.streams["Counter-a"], (32 * 7, 496 * 7));
        assert_eq!(seen.streams["Counter-b"], (32, 496));
    }
}

/// Polls an action a few times, then drops it wherever it stands.
async fn abandon(app: &App, id: &str, by: u64, polls: u32) -> bool {
    let mut act = app.act::<Counter>(id, Count { by }).into_future();
    for _ in 0..polls {
        if act.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn h05_an_action_that_is_dropped_half_way_leaves_state_and_log_at_one() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        let mut finished = 0;
        for round in 0..200 {
            let id = if round % 2 == 0 { "a" } else { "b" };
            finished += u64::from(abandon(&app, id, 1, fastrand::u32(0..40)).await);
            if round % 10 == 0 {
                let act = app.act::<Counter>(id, Count { by: 1 }).into_future();
                let done = tokio::time::timeout(PATIENCE, act).await.expect("no one is in the way");
                done.expect("stored");
                finished += 1;
            }
        }
        for id in ["a", "b"] {
            app.act::<Counter>(id, Count { by: 1 }).await.expect("stored");
        }
        let stored = Totals::fold(&log(&*store).await, Id(u64::MAX));
        for id in ["a", "b"] {
            let loaded = app.load::<Counter>(id).await.expect("loaded");
            let (times, sum) = stored.streams[&format!("Counter-{id}")];
            assert_eq!((loaded.version().0, loaded.count), (times, sum));
        }
        let times: u64 = stored.streams.values().map(|(times, _)| times).sum();
        assert!(times >= finished + 2, "{times} are stored, {finished} were told");
    }
}
