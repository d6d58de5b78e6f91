//! How fast actum is on NATS, beside a bare loop of `async-nats` that publishes and waits:
//! `cargo bench -p actum --features nats --bench nats`.
//!
//! `ACTUM_NATS_URL` names the servers; the bench makes logs there and removes them.
//! `ACTUM_BENCH_REPLICAS` sets on how many servers they are kept (1), `ACTUM_BENCH_SECONDS` how
//! long each loop takes (3). Each bare loop runs right before what it is compared with.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::{
    env,
    time::{Duration, Instant},
};

use actum::{
    Json, StreamId,
    store::{Batch, Expected, Log, Nats, NewEvent, Query},
};
use async_nats::jetstream::{self, stream::Config};
use futures_util::{StreamExt, future::join_all};

const DATA: &str =
    r#"{"sku":"A123","qty":2,"note":"a payload of some eighty bytes, as is common"}"#;

fn number<T: std::str::FromStr>(variable: &str, otherwise: T) -> T {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::main]
async fn main() {
    let Ok(url) = env::var("ACTUM_NATS_URL") else {
        println!("skipped: set ACTUM_NATS_URL to run");
        return;
    };
    let replicas = number("ACTUM_BENCH_REPLICAS", 1);
    let time = Duration::from_secs(number("ACTUM_BENCH_SECONDS", 3));
    let client = async_nats::connect(&url).await.unwrap();
    let context = jetstream::new(client);
    let names = ["bench_bare", "bench_log", "bench_state"];
    for name in names {
        drop(context.delete_stream(name).await);
    }
    let bare = Config {
        name: "bench_bare".to_owned(),
        subjects: vec!["bare.*".to_owned()],
        num_replicas: replicas,
        ..Config::default()
    };
    context.create_stream(bare).await.unwrap();
    let store = Nats::options().prefix("bench").replicas(replicas).connect(&url).await.unwrap();
    for callers in [1, 16, 64] {
        let bare = rate(callers, time, async |caller, _| {
            let sent = context.publish(format!("bare.{caller}"), DATA.into()).await.unwrap();
            sent.await.unwrap();
        })
        .await;
        let stored = rate(callers, time, async |caller, round| {
            store.append(batch(&format!("Cart-{callers}-{caller}"), round, 1)).await.unwrap();
        })
        .await;
        let share = 100.0 * stored / bare;
        println!("{callers:>3} callers: bare {bare:>8.0}/s, appends {stored:>8.0}/s, {share:.0}%");
    }
    let batches = rate(4, time, async |caller, round| {
        store.append(batch(&format!("Long-{caller}"), 100 * round, 100)).await.unwrap();
    })
    .await;
    println!("  4 callers, batches of 100: {:>8.0} events/s", 100.0 * batches);
    replay(&store).await;
    for name in names {
        context.delete_stream(name).await.unwrap();
    }
}

fn batch(stream: &str, version: u64, count: usize) -> Batch {
    let stream: StreamId = stream.parse().unwrap();
    let event = NewEvent::new("ItemAdded", Json::from_text(DATA).unwrap());
    Batch::new(stream, Expected::Version(version.into()), vec![event; count])
}

/// How often all callers together do something in a second.
async fn rate(callers: u64, time: Duration, work: impl AsyncFn(u64, u64)) -> f64 {
    let begun = Instant::now();
    let loops = (0..callers).map(async |caller| {
        let mut rounds = 0;
        while begun.elapsed() < time {
            work(caller, rounds).await;
            rounds += 1;
        }
        rounds
    });
    let done: u64 = join_all(loops).await.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "it is printed with few digits")]
    let done = done as f64;
    done / begun.elapsed().as_secs_f64()
}

/// Reads the whole log once.
async fn replay(store: &Nats) {
    let (begun, mut pages, mut count) = (Instant::now(), store.read(Query::all()), 0_u32);
    while let Some(page) = pages.next().await {
        count += u32::try_from(page.unwrap().len()).unwrap_or(u32::MAX);
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("replay of {count} events: {:>8.0} events/s", f64::from(count) / seconds);
}
