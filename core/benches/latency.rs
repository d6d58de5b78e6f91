//! How long after a commit a projection shows it, in one process at rest:
//! `cargo bench -p actum --features sqlite --bench latency`.
//!
//! Each time one action is asked, then the view is read with `after`; what is measured is the time
//! from the answer of the action to that of the view. `ACTUM_BENCH_RUNS` sets how often (500).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that fails shall stop"
)]

use std::time::{Duration, Instant};

use actum::{prelude::*, store::Store};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Counted {}

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
    fn counted(&mut self, _: Counted) {
        self.total += 1;
    }
}

#[derive(Serialize, Deserialize)]
struct Count {}

#[action]
impl Counter {
    fn count(&self, _: Count) -> Result<Counted, std::convert::Infallible> {
        Ok(Counted {})
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Total {
    times: u64,
}

#[projection]
impl Total {
    fn counted(&mut self, _: &Committed<Counted>) {
        self.times += 1;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct ByStream {
    times: u64,
}

#[projection(key = stream)]
impl ByStream {
    fn counted(&mut self, _: &Committed<Counted>) {
        self.times += 1;
    }
}

#[tokio::main]
async fn main() {
    println!("| commit → view, at rest | p50 | p99 | longest |");
    println!("|---|---|---|---|");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    one("memory, one document", Memory::new(), false).await;
    let file = |name: &str| folder.path().join(name);
    one("SQLite, one document", Sqlite::open(file("one.db")).await.unwrap(), false).await;
    one("SQLite, a document for each stream", Sqlite::open(file("each.db")).await.unwrap(), true)
        .await;
}

async fn one(what: &str, store: impl Store, is_keyed: bool) {
    let times = std::env::var("ACTUM_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok());
    let app = App::new(store).with::<Counter>();
    let app = if is_keyed { app.project::<ByStream>() } else { app.project::<Total>() };
    let app = app.start().await.unwrap();
    let mut waits = Vec::new();
    for at in 0..times.unwrap_or(500_u64) {
        let done = app.act::<Counter>(at % 10, Count {}).await.unwrap();
        let begun = Instant::now();
        if is_keyed {
            let key = format!("Counter-{}", at % 10);
            app.view::<ByStream>().key(key).after(done.id).await.unwrap();
        } else {
            app.view::<Total>().after(done.id).await.unwrap();
        }
        waits.push(begun.elapsed());
        // At rest: nothing is under way when the next one comes.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    waits.sort();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    println!("| {what} | {:.2} ms | {:.2} ms | {:.2} ms |", at(50), at(99), at(100));
    app.shutdown(Duration::from_secs(5)).await.unwrap();
}
