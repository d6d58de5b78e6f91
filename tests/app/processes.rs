//! Subscriptions to what several processes write to one store.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use actum::{prelude::*, store::Store};
use tokio::{process::Command, task::JoinSet};

use crate::{
    counter::{Counter, count},
    log::Log,
    place::Place,
};

/// Set in the processes that write: the kind of the store, where it is, and which process it is.
const WRITER: &str = "ACTUM_TEST_APP_WRITER";
const PROCESSES: usize = 3;
const EACH: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_follow_three_processes_on_one_sqlite_file() {
    let place = Place::sqlite();
    let Place::Sqlite(folder) = &place else { panic!("it was asked for") };
    let at = format!("sqlite {}", folder.path().display());
    follow(&place, &at).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_follow_three_processes_on_one_postgres_log() {
    let Some(place) = Place::postgres() else { return };
    let Place::Postgres(log) = &place else { panic!("it was asked for") };
    let at = format!("postgres {}", log.schema);
    follow(&place, &at).await;
}

async fn follow(place: &Place, at: &str) {
    let mut readers = JoinSet::new();
    for _ in 0..3 {
        // Each has a handle of its own, and was there before the first event.
        let app = App::new(place.open().await).start().await.expect("an app");
        let mut subscription = app.subscribe(Query::all(), Id(0)).expect("a subscription");
        readers.spawn(async move {
            let mut seen = Vec::new();
            while seen.len() < PROCESSES * EACH {
                let next = tokio::time::timeout(Duration::from_mins(1), subscription.next()).await;
                let event = next.expect("in time").expect("it goes on").expect("an event");
                seen.push((event.id, event.stream, event.version));
            }
            drop(app);
            seen
        });
    }
    let mut writers: Vec<_> = (0..PROCESSES)
        .map(|number| {
            Command::new(env::current_exe().expect("this binary"))
                .args(["--exact", "processes::writer"])
                .env(WRITER, format!("{number} {at}"))
                .stdout(Stdio::null())
                .spawn()
                .expect("a process")
        })
        .collect();
    for writer in &mut writers {
        assert!(writer.wait().await.expect("it is ours").success());
    }
    let app = App::new(place.open().await).start().await.expect("an app");
    let all = app.read(Query::all()).all().await.expect("events");
    let all: Vec<_> = all.into_iter().map(|one| (one.id, one.stream, one.version)).collect();
    assert_eq!(all.len(), PROCESSES * EACH);
    for seen in readers.join_all().await {
        assert_eq!(seen, all);
    }
}

/// One of the processes; on its own it has nothing to write.
#[tokio::test(flavor = "multi_thread")]
async fn writer() {
    let Ok(task) = env::var(WRITER) else { return };
    let mut parts = task.splitn(3, ' ');
    let mut part = || parts.next().expect("number, kind and place");
    let (number, kind, at) = (part(), part(), part());
    let store: std::sync::Arc<dyn Store> = if kind == "sqlite" {
        let file = PathBuf::from(at).join("app.db");
        std::sync::Arc::new(Sqlite::open(file).await.expect("a store"))
    } else {
        let mut log = Log::new().expect("a server");
        at.clone_into(&mut log.schema);
        let store = log.open().await;
        // The schema belongs to the test that started this process.
        std::mem::forget(log);
        std::sync::Arc::new(store)
    };
    let app = App::new(store).with::<Counter>().start().await.expect("an app");
    for at in 0..EACH {
        // Every third goes to a stream that all processes share.
        let id = if at % 3 == 0 { "shared".to_owned() } else { format!("{number}-{}", at % 2) };
        while app.act::<Counter>(&id, count(1)).await.is_err() {}
    }
    app.shutdown(Duration::from_secs(30)).await.expect("an end in time");
}
