//! The order of the log with writers in several processes.

use std::{collections::HashMap, env, process::Stdio};

use actum::{
    Committed, Id, Version,
    store::{Batch, Expected, Log as _, Query},
};
use futures_util::future::join_all;

use crate::log::{Log, event, read, stream};

/// Set in the processes that write: the schema, and which process it is.
const WRITER: &str = "ACTUM_TEST_POSTGRES_WRITER";
const PROCESSES: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn h2_tailing_readers_miss_nothing_that_three_processes_write() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let mut writers: Vec<_> = (0..PROCESSES)
        .map(|at| {
            tokio::process::Command::new(env::current_exe().unwrap())
                .args(["--exact", "processes::writer"])
                .env(WRITER, format!("{} {at}", log.schema))
                .stdout(Stdio::null())
                .spawn()
                .expect("a process")
        })
        .collect();
    let (done, over) = tokio::sync::watch::channel(false);
    let readers = (0..3).map(|_| {
        let (log, over) = (log.open(), over.clone());
        async move {
            let store = log.await;
            let mut seen: Vec<Committed> = Vec::new();
            loop {
                let last = *over.borrow();
                let from = seen.last().map_or(Id(0), |event| event.id);
                let more = read(&store, Query::all().after(from)).await.unwrap();
                whole(&more);
                seen.extend(more);
                if last {
                    return seen;
                }
            }
        }
    });
    let writing = async {
        for writer in &mut writers {
            assert!(writer.wait().await.unwrap().success());
        }
        done.send(true).unwrap();
    };
    let (seen, ()) = tokio::join!(join_all(readers), writing);
    let all = read(&store, Query::all()).await.unwrap();
    assert!(all.len() > 1000, "{} events", all.len());
    for seen in seen {
        assert_eq!(seen.len(), all.len());
        assert!(seen.iter().zip(&all).all(|(seen, all)| seen.id == all.id));
    }
    let mut versions: HashMap<_, u64> = HashMap::new();
    for event in all {
        let before = versions.entry(event.stream).or_default();
        *before += 1;
        assert_eq!(event.version, Version(*before));
    }
}

/// A batch is two streams with as many events as each of its payloads says.
fn whole(events: &[Committed]) {
    let mut left = 0_u64;
    for event in events.iter().filter(|event| &*event.name == "Counted") {
        if left == 0 {
            left = event.data.decode().unwrap();
        }
        left -= 1;
    }
    assert_eq!(left, 0, "a batch is torn");
}

/// One of the processes; on its own it has nothing to write.
#[tokio::test(flavor = "multi_thread")]
async fn writer() {
    let Ok(task) = env::var(WRITER) else { return };
    let (schema, at) = task.split_once(' ').expect("schema and number");
    let mut log = Log::new().expect("a server");
    schema.clone_into(&mut log.schema);
    let store = log.options().writers(3).connect(&log.url).await.unwrap();
    let appending = (0..6).map(|task| {
        let store = store.clone();
        async move {
            for round in 0..60_u64 {
                let (one, other) = (round % 4 + 1, task % 3 + 1);
                let events = |count| (0..count).map(|_| event(&(one + other))).collect::<Vec<_>>();
                let batch =
                    Batch::new(stream(&format!("Cart-{at}-{task}")), Expected::Any, events(one))
                        .and(
                            stream(&format!("Shared-{}", round % 5)),
                            Expected::Any,
                            events(other),
                        );
                store.append(batch).await.unwrap();
            }
        }
    });
    // Others pause in the midst of a transaction, and some of them give up.
    let pausing = (0..2).map(|task| {
        let log = &log;
        async move {
            let session = log.session().await;
            for round in 0..40 {
                session.batch_execute("begin").await.unwrap();
                log.append(&session, &format!("Slow-{at}-{task}"), 2).await;
                let pause = f64::from(fastrand::u8(0..20)) / 1000.0;
                session.query_one("select pg_sleep($1)::text", &[&pause]).await.unwrap();
                let end = if round % 3 == 0 { "rollback" } else { "commit" };
                session.batch_execute(end).await.unwrap();
            }
        }
    });
    tokio::join!(join_all(appending), join_all(pausing));
    // The schema belongs to the test that started this process.
    std::mem::forget(log);
}
