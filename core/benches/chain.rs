//! Measures what a hash chain costs an append, beside the same appends without it, in turn.
//!
//! `cargo bench -p actum --features chain,sqlite --bench chain`
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first failure")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use actum::{
    Json, Meta, MetaFields, StreamId,
    chain::{Chained, Key, seal},
    store::{Batch, Expected, Log, NewEvent, Sqlite, Store},
};

const SECONDS: Duration = Duration::from_secs(2);
const ROUNDS: u32 = 5;
const DATA: &str = r#"{"sku":"A-1234567","qty":2}"#;

fn main() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    println!("{:<28} {:>9} {:>15} {:>15}", "events/s, SQLite", "without", "chained", "and signed");
    for (what, callers, events) in
        [("1 caller", 1, 1), ("64 callers", 64, 1), ("4 callers, batches of 100", 4, 100)]
    {
        let mut rates: [Vec<f64>; 3] = Default::default();
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir().unwrap();
            for (mode, rates) in
                [Mode::Plain, Mode::Chained, Mode::Signed].into_iter().zip(&mut rates)
            {
                let path = folder.path().join(format!("{mode:?}.db"));
                rates.push(runtime.block_on(rate(&path, mode, callers, events)));
            }
        }
        let [plain, chained, signed] = rates.map(median);
        let share = |rate: f64| format!("{rate:.0} ({:.2})", rate / plain);
        println!("{what:<28} {plain:>9.0} {:>15} {:>15}", share(chained), share(signed));
    }
}

/// What an append carries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Plain,
    Chained,
    /// The log is signed every second as well.
    Signed,
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// Events a second.
async fn rate(path: &Path, mode: Mode, callers: u64, events: usize) -> f64 {
    let sqlite = Sqlite::open(path).await.unwrap();
    let chained = Chained::new(sqlite.clone());
    let store: Arc<dyn Store> =
        if mode == Mode::Plain { Arc::new(sqlite) } else { Arc::new(chained.clone()) };
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let stream: StreamId = format!("Cart-{caller}").parse().unwrap();
                let (mut version, mut stored) = (0_u64, 0_usize);
                while start.elapsed() < SECONDS {
                    let new = (0..events).map(|_| event()).collect();
                    let expected = match version {
                        0 => Expected::Empty,
                        version => Expected::Version(version.into()),
                    };
                    store.append(Batch::new(stream.clone(), expected, new)).await.unwrap();
                    version += events as u64;
                    stored += events;
                }
                stored
            })
        })
        .collect();
    let sealing = tokio::spawn(async move {
        let key = Key::from_bytes(&[7; 32]);
        while mode == Mode::Signed && start.elapsed() < SECONDS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            seal(&chained, &key).await.unwrap();
        }
    });
    let mut stored = 0;
    for task in tasks {
        stored += task.await.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = stored as f64 / start.elapsed().as_secs_f64();
    sealing.await.unwrap();
    rate
}

fn event() -> NewEvent {
    let fields = MetaFields {
        correlation: Some("0198c7a2-6f1e-7c3a-9d51-1f2e3d4c5b6a".to_owned()),
        causation: Some("AddItem".to_owned()),
        actor: Some("alice".to_owned()),
        ..MetaFields::default()
    };
    let meta = Meta::new(fields).unwrap();
    NewEvent { meta, ..NewEvent::new("ItemAdded", Json::from_stored(DATA.as_bytes())) }
}
