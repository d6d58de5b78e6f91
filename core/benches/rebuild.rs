//! How fast a read model is built anew from a large log, with `merge` and without it, in turn in the
//! same run: `cargo bench -p actum --features sqlite --bench rebuild`.
//!
//! Prints one table: the median of the runs with the fastest and the slowest, and how many times as
//! fast it is with `merge`. `ACTUM_BENCH_RUNS` sets how many runs (5), `ACTUM_BENCH_EVENTS` how many
//! events (1,000,000).
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]
#![expect(clippy::cast_precision_loss, reason = "rates")]

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use actum::{
    Json,
    prelude::*,
    store::{Batch, Log, NewEvent},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {
    day: String,
    cents: u64,
    items: Vec<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Sales(BTreeMap<String, (u64, u64)>);

impl Sales {
    fn add(&mut self, event: &CheckedOut) {
        if !self.0.contains_key(&event.day) {
            self.0.insert(event.day.clone(), (0, 0));
        }
        if let Some((cents, count)) = self.0.get_mut(&event.day) {
            *cents += event.cents;
            *count += event.items.len() as u64;
        }
    }
}

/// By day, one document.
#[derive(Default, Serialize, Deserialize)]
struct InOrder(Sales);

#[projection]
impl InOrder {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.0.add(&event.data);
    }
}

#[derive(Default, Serialize, Deserialize)]
struct InRanges(Sales);

#[projection]
impl InRanges {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.0.add(&event.data);
    }
    fn merge(&mut self, InRanges(Sales(later)): Self) {
        for (day, (cents, count)) in later {
            let sum = self.0.0.entry(day).or_default();
            *sum = (sum.0 + cents, sum.1 + count);
        }
    }
}

/// A document for each of the streams.
#[derive(Default, Serialize, Deserialize)]
struct EachInOrder(u64);

#[projection(key = stream)]
impl EachInOrder {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.0 += event.data.cents;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct EachInRanges(u64);

#[projection(key = stream)]
impl EachInRanges {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.0 += event.data.cents;
    }
    fn merge(&mut self, EachInRanges(later): Self) {
        self.0 += later;
    }
}

const BATCH: u64 = 1_000;
const STREAMS: u64 = 997;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::main]
async fn main() {
    let (runs, events) = (number("ACTUM_BENCH_RUNS", 5), number("ACTUM_BENCH_EVENTS", 1_000_000));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Sqlite::open(folder.path().join("log.db")).await.unwrap();
    for at in 0..events.div_ceil(BATCH) {
        store.append(batch(at)).await.unwrap();
    }
    let head = store.head().await.unwrap();
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    println!("{head} events on SQLite, {processors} processors, {runs} runs in turn\n");
    println!("| built anew | events/s | slowest … fastest | times as fast |");
    println!("|---|---|---|---|");
    pair::<InOrder, InRanges>("one document", &store, head, runs).await;
    pair::<EachInOrder, EachInRanges>("997 documents", &store, head, runs).await;
}

fn batch(at: u64) -> Batch {
    let items = vec!["tea".to_owned(), "bread".to_owned(), "apples".to_owned()];
    let sold = CheckedOut { day: format!("day {}", at % 365), cents: at, items };
    let event = NewEvent::new("CheckedOut", Json::from_value(&sold).unwrap());
    let mut batch = Batch::default();
    for stream in 0..BATCH / 10 {
        let stream = StreamId::new("Cart", (at * 7 + stream) % STREAMS).unwrap();
        batch = batch.and(stream, Expected::Any, vec![event.clone(); 10]);
    }
    batch
}

async fn pair<A: Projection, B: Projection>(what: &str, store: &Sqlite, head: Id, runs: u64) {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        without.push(built::<A>(store, head).await);
        with.push(built::<B>(store, head).await);
    }
    let middle = row(&format!("{what}, event by event"), without, None);
    row(&format!("{what}, with `merge`"), with, Some(middle));
}

/// Events in a second, from the start of the app until all is folded and stored.
async fn built<P: Projection>(store: &Sqlite, head: Id) -> f64 {
    let app = App::new(store.clone()).project::<P>().start().await.unwrap();
    app.reset::<P>().await.unwrap();
    app.shutdown(Duration::from_mins(1)).await.unwrap();
    let view = actum::store::ViewId { name: P::NAME.into(), version: P::VERSION };
    actum::store::Views::reset(store, &view).await.unwrap();
    let begun = Instant::now();
    let app = App::new(store.clone()).project::<P>().start().await.unwrap();
    while app.progress::<P>().await.unwrap().seen < head {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rate = head.0 as f64 / begun.elapsed().as_secs_f64();
    app.shutdown(Duration::from_mins(1)).await.unwrap();
    rate
}

fn row(what: &str, mut rates: Vec<f64>, before: Option<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    let at = |index: usize| rates.get(index).copied().unwrap_or_default();
    let (middle, slowest, fastest) = (at(rates.len() / 2), at(0), at(rates.len() - 1));
    let times = before.map_or_else(String::new, |before| format!("{:.2}", middle / before));
    println!("| {what} | {middle:.0} | {slowest:.0} … {fastest:.0} | {times} |");
    middle
}
