//! How fast reactions are on this machine:
//! `cargo bench -p actum --features sqlite --bench reactions`.
//!
//! Prints one table: how many events a second are answered by a follow-up action on another stream,
//! and how long it takes from a commit to the call of the handler while nothing else goes on.
//! `ACTUM_BENCH_RUNS` sets how many runs (5).
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use actum::{
    Json,
    prelude::*,
    store::{Batch, NewEvent, Store},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

#[derive(Event, Serialize, Deserialize)]
struct Placed;

#[derive(Events)]
enum OrderEvent {
    Placed(Placed),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
struct Order;

#[patch]
impl Order {
    fn placed(&mut self, _: Placed) {}
}

#[derive(Serialize, Deserialize)]
struct Place;

#[action]
impl Order {
    fn place(&self, _: Place) -> Result<Placed, Infallible> {
        Ok(Placed)
    }
}

#[derive(Event, Serialize, Deserialize)]
struct Paid;

#[derive(Events)]
enum AccountEvent {
    Paid(Paid),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = AccountEvent)]
struct Account;

#[patch]
impl Account {
    fn paid(&mut self, _: Paid) {}
}

#[derive(Serialize, Deserialize)]
struct Pay;

#[action]
impl Account {
    fn pay(&self, _: Pay) -> Result<Paid, Infallible> {
        Ok(Paid)
    }
}

/// Answers each order with a payment.
struct Payment;

#[reaction]
impl Payment {
    async fn placed(
        &self,
        event: &Committed<Placed>,
        pay: Ask<'_, Account, Pay>,
    ) -> Result<(), Fault> {
        pay.act(event.stream.id(), Pay).await?;
        Ok(())
    }
}

/// Tells when it is called.
struct Bell(mpsc::UnboundedSender<Instant>);

#[reaction]
impl Bell {
    async fn placed(&self, _: &Committed<Placed>) -> Result<(), Fault> {
        self.0.send(Instant::now())?;
        Ok(())
    }
}

const EVENTS: u64 = 20_000;
const STREAMS: u64 = 5_000;
const PINGS: usize = 300;

#[tokio::main]
async fn main() {
    let runs: usize =
        std::env::var("ACTUM_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("| what | median | slowest … fastest |");
    println!("|---|---|---|");
    for on_disk in [false, true] {
        let store = if on_disk { "SQLite" } else { "memory" };
        let mut rates = Vec::new();
        for run in 0..runs {
            rates.push(rate(open(on_disk, &folder, run).await).await);
        }
        rates.sort_by(f64::total_cmp);
        let at = |index: usize| rates.get(index).copied().unwrap_or_default();
        println!(
            "| {store}: reactions with a follow-up, over {STREAMS} streams | {:.0}/s | {:.0} … {:.0} |",
            at(rates.len() / 2),
            at(0),
            at(rates.len() - 1)
        );
    }
    println!();
    println!("| commit to handler, idle | p50 | p99 |");
    println!("|---|---|---|");
    for on_disk in [false, true] {
        let store = if on_disk { "SQLite" } else { "memory" };
        let mut times = latencies(open(on_disk, &folder, runs).await).await;
        times.sort();
        let at = |share: usize| times.get((times.len() - 1) * share / 100).copied();
        println!("| {store} | {:?} | {:?} |", at(50).unwrap(), at(99).unwrap());
    }
}

async fn open(on_disk: bool, folder: &tempfile::TempDir, run: usize) -> Arc<dyn Store> {
    if on_disk {
        Arc::new(Sqlite::open(folder.path().join(format!("{run}.db"))).await.unwrap())
    } else {
        Arc::new(Memory::new())
    }
}

/// How many events a second are answered, from the start of the app until all are settled.
async fn rate(store: Arc<dyn Store>) -> f64 {
    let data = Json::from_value(&Placed).unwrap();
    let mut last = Id(0);
    for round in 0..EVENTS / STREAMS {
        for from in (0..STREAMS).step_by(100) {
            let mut batch = Batch::default();
            for stream in from..from + 100 {
                let stream = StreamId::new("Order", stream).unwrap();
                let event = NewEvent::new("Placed", data.clone());
                batch = batch.and(stream, Expected::Version(Version(round)), vec![event]);
            }
            last = store.append(batch).await.unwrap().id();
        }
    }
    let app = App::new(store).with::<Order>().with::<Account>().react(Payment);
    let begun = Instant::now();
    let app = app.start().await.unwrap();
    app.settled::<Payment>(last).await.unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = EVENTS as f64 / begun.elapsed().as_secs_f64();
    app.shutdown(Duration::from_secs(10)).await.unwrap();
    rate
}

/// From the answer of an action to the call of the handler; negative times count as none.
async fn latencies(store: Arc<dyn Store>) -> Vec<Duration> {
    let (sender, mut heard) = mpsc::unbounded_channel();
    let app = App::new(store).with::<Order>().react(Bell(sender)).start().await.unwrap();
    let mut times = Vec::new();
    for ping in 0..PINGS {
        app.act::<Order>(ping % 7, Place).await.unwrap();
        let committed = Instant::now();
        times.push(heard.recv().await.unwrap().saturating_duration_since(committed));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    app.shutdown(Duration::from_secs(10)).await.unwrap();
    times
}
