//! How long after its commit an event is folded by a projection that runs elsewhere.
//!
//! One app appends and another one runs the projection, each with connections of its own, so that
//! they share nothing but the server. They stand in one process, so that they share a clock.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actum::{
    Json, StreamId,
    prelude::*,
    store::{Batch, Log, NewEvent, Postgres},
};
use serde::{Deserialize, Serialize};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_postgres::Client;

use crate::table::quantile;

const SCHEMA: &str = "bench_latency";
const TIME: Duration = Duration::from_secs(5);

#[derive(Event, Serialize, Deserialize)]
struct Sent {
    number: usize,
}

#[derive(Default, Serialize, Deserialize)]
struct Seen {
    count: u64,
}

/// When the projection saw each event, by its number.
static SEEN: Mutex<Vec<Option<Instant>>> = Mutex::new(Vec::new());

#[projection]
impl Seen {
    fn sent(&mut self, event: &Committed<Sent>) {
        self.count += 1;
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        let number = event.data.number;
        if seen.len() <= number {
            seen.resize(number + 1, None);
        }
        if let Some(seen) = seen.get_mut(number) {
            *seen = Some(Instant::now());
        }
    }
}

/// Prints one line for each rate of appends.
pub(crate) async fn print(url: &str, admin: &Client) {
    println!("\n| appends | commit to projection, p50 | p99 |\n|---|---|---|");
    for (name, pace) in [
        ("2/s, idle in between", Duration::from_millis(500)),
        ("100/s", Duration::from_millis(10)),
        ("1000/s", Duration::from_millis(1)),
    ] {
        let clean = format!("drop schema if exists {SCHEMA} cascade");
        admin.batch_execute(&clean).await.unwrap();
        let mut took = at(url, pace).await;
        took.sort_unstable();
        println!("| {name} | {} | {} |", quantile(&took, 50), quantile(&took, 99));
        admin.batch_execute(&clean).await.unwrap();
    }
}

async fn at(url: &str, pace: Duration) -> Vec<Duration> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let open = || Postgres::options().schema(SCHEMA).connect(url);
    let (writing, folding) = (open().await.unwrap(), open().await.unwrap());
    let app = App::new(folding).project::<Seen>().start().await.unwrap();
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (begun, mut appends) = (Instant::now(), JoinSet::new());
    let writing = Arc::new(writing);
    for number in 0.. {
        ticks.tick().await;
        // A paced append of an idle log takes a while to be worth a figure.
        if begun.elapsed() > TIME.max(pace * 20) {
            break;
        }
        let writing = Arc::clone(&writing);
        appends.spawn(async move {
            let stream = StreamId::new("Sent", number % 20).unwrap();
            let event = NewEvent::new("Sent", Json::from_value(&Sent { number }).unwrap());
            let appended = writing.append(Batch::new(stream, Expected::Any, vec![event])).await;
            (number, appended.unwrap().id(), Instant::now())
        });
    }
    let appended = appends.join_all().await;
    let last = appended.iter().map(|(_, id, _)| *id).max().unwrap();
    app.view::<Seen>().after(last).await.unwrap();
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    // It may be seen before the answer has come.
    let took = |(number, _, answered): (usize, Id, Instant)| {
        seen.get(number).copied().flatten().unwrap().saturating_duration_since(answered)
    };
    appended.into_iter().map(took).collect()
}
