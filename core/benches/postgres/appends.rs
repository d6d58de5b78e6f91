//! Appends: callers in one process, callers in several, and batches.

use std::{env, process::Stdio, time::Duration};

use actum::{
    Json, Meta, StreamId, Version,
    store::{Batch, Expected, Log, NewEvent, Postgres},
};
use futures_util::future::join_all;
use tokio::{process::Command, time::Instant};

use crate::{
    DATA, META, options,
    table::{Figure, per_second},
};

/// Set in the processes that append.
pub(crate) const WORKER: &str = "ACTUM_BENCH_WORKER";

pub(crate) fn event() -> NewEvent {
    let mut event = NewEvent::new("ItemAdded", Json::from_stored(DATA));
    event.meta = Meta::from_stored(Json::from_stored(META));
    event
}

/// Each caller appends one event after the other to a stream of its own.
pub(crate) async fn run(url: &str, run: usize, callers: usize, time: Duration) -> Figure {
    let store = options().connect(url).await.unwrap();
    let figure = callers_of(&store, &format!("{run}-{callers}"), callers, time).await;
    store.close().await;
    figure
}

async fn callers_of(store: &Postgres, name: &str, callers: usize, time: Duration) -> Figure {
    let begun = Instant::now();
    let loops = (0..callers).map(|caller| {
        let stream = StreamId::new("Cart", format_args!("{name}-{caller}")).unwrap();
        let store = store.clone();
        tokio::spawn(async move {
            let (mut version, mut took) = (0, Vec::new());
            while begun.elapsed() < time {
                let expected = Expected::Version(Version(version));
                let called = Instant::now();
                let batch = Batch::new(stream.clone(), expected, vec![event()]);
                store.append(batch).await.unwrap();
                took.push(called.elapsed());
                version += 1;
            }
            took
        })
    });
    let took: Vec<_> = join_all(loops).await.into_iter().flat_map(Result::unwrap).collect();
    Figure { rate: per_second(took.len(), begun.elapsed()), took }
}

/// Four processes with eight callers each.
pub(crate) async fn processes(run: usize, time: Duration) -> Figure {
    let workers = (0..4).map(|at| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env(WORKER, format!("p{run}-{at} {}", time.as_millis()));
        async move { command.stdin(Stdio::null()).output().await.unwrap() }
    });
    let mut rate = 0.0;
    for output in join_all(workers).await {
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        rate += said.trim().parse::<f64>().unwrap();
    }
    Figure { rate, took: Vec::new() }
}

/// One of the processes.
pub(crate) async fn work(url: &str, task: &str) {
    let (name, time) = task.split_once(' ').unwrap();
    let time = Duration::from_millis(time.parse().unwrap());
    let store = options().connect(url).await.unwrap();
    let figure = callers_of(&store, name, 8, time).await;
    store.close().await;
    println!("{}", figure.rate);
}

/// Eight callers append 100 events at a time.
pub(crate) async fn batches(url: &str, time: Duration) -> Figure {
    let store = options().connect(url).await.unwrap();
    let begun = Instant::now();
    let loops = (0..8).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let stream = StreamId::new("Import", caller).unwrap();
            let mut took = Vec::new();
            while begun.elapsed() < time {
                let called = Instant::now();
                let batch = Batch::new(stream.clone(), Expected::Any, vec![event(); 100]);
                store.append(batch).await.unwrap();
                took.push(called.elapsed());
            }
            took
        })
    });
    let took: Vec<_> = join_all(loops).await.into_iter().flat_map(Result::unwrap).collect();
    store.close().await;
    Figure { rate: per_second(took.len() * 100, begun.elapsed()), took }
}
