//! How long it takes to load a long stream: `cargo bench -p actum --features sqlite --bench long`.
//!
//! Prints one table: the median of the runs, with the fastest and the slowest. Each load is the
//! first one of an app that has just opened the file. `ACTUM_BENCH_RUNS` sets how many runs (5).
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use actum::{
    Json,
    prelude::*,
    store::{Batch, Log, NewEvent},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Counted {
    by: u64,
}

#[derive(Events)]
enum CounterEvent {
    Counted(Counted),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CounterEvent)]
struct Counter {
    total: u64,
}

#[patch]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.total += event.by;
    }
}

#[action]
impl Counter {}

const LONG: u64 = 1_000_000;
const SHORT: u64 = 100;

#[tokio::main]
async fn main() {
    let runs = std::env::var("ACTUM_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs = runs.unwrap_or(5);
    // On the disk of the target folder, not on a memory disk.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("long.db");
    let store = Sqlite::open(&file).await.unwrap();
    fill(&store, "short", SHORT).await;
    fill(&store, "long", LONG).await;
    drop(store);

    println!("| load of a stream, SQLite | median | fastest … slowest |");
    println!("|---|---|---|");
    row("of 100 events", runs, &file, "short", SHORT).await;
    row("of 1,000,000 events", runs, &file, "long", LONG).await;
    let app = app(&file).await;
    app.snapshot::<Counter>("long").await.unwrap();
    app.shutdown(Duration::from_mins(1)).await.unwrap();
    row("of 1,000,000 events, snapshot at the end", runs, &file, "long", LONG).await;
    let store = Sqlite::open(&file).await.unwrap();
    fill(&store, "long", SHORT).await;
    drop(store);
    row("of 1,000,100 events, snapshot 100 before", runs, &file, "long", LONG + SHORT).await;
}

async fn fill(store: &Sqlite, id: &str, events: u64) {
    let stream = StreamId::of::<Counter>(id).unwrap();
    let event = NewEvent::new("Counted", Json::from_value(&Counted { by: 1 }).unwrap());
    for _ in 0..events / SHORT {
        let events = vec![event.clone(); usize::try_from(SHORT).unwrap()];
        store.append(Batch::new(stream.clone(), Expected::Any, events)).await.unwrap();
    }
}

async fn app(file: &Path) -> App {
    App::new(Sqlite::open(file).await.unwrap()).with::<Counter>().start().await.unwrap()
}

async fn row(what: &str, runs: usize, file: &Path, id: &str, total: u64) {
    let mut times = Vec::new();
    for _ in 0..runs {
        let app = app(file).await;
        // The connection and its cache are warm, the state is not in memory.
        app.load::<Counter>("another").await.unwrap();
        let begun = Instant::now();
        let counter = app.load::<Counter>(id).await.unwrap();
        times.push(begun.elapsed());
        assert_eq!(counter.total, total);
        app.shutdown(Duration::from_mins(1)).await.unwrap();
    }
    times.sort();
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    let (median, fastest, slowest) = (at(times.len() / 2), at(0), at(times.len() - 1));
    println!("| {what} | {median:.1?} | {fastest:.1?} … {slowest:.1?} |");
}
