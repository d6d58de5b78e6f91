//! How long after its commit an event is folded, and told to a reaction, by another process.
//!
//! The process that appends prints when each answer came; the one that measures runs the projection
//! and the reaction. Both read the machine's clock.

use std::{
    env,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actum::{
    Json, StreamId,
    prelude::*,
    store::{Batch, Log, NewEvent, Postgres},
};
use serde::{Deserialize, Serialize};
use tokio::{
    process::Command,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_postgres::Client;

use crate::{appends::WORKER, table::quantile};

const SCHEMA: &str = "bench_latency";
const TIME: Duration = Duration::from_secs(5);
/// What the task of a process begins with that appends at a pace.
pub(crate) const TASK: &str = "latency ";

#[derive(Event, Serialize, Deserialize)]
struct Sent {
    number: usize,
}

#[derive(Default, Serialize, Deserialize)]
struct Seen {
    count: u64,
}

/// When the projection saw each event, by its number.
static SEEN: Mutex<Vec<Option<SystemTime>>> = Mutex::new(Vec::new());

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
            *seen = Some(SystemTime::now());
        }
    }
}

/// Tells when it is called, and for which event.
struct Bell(mpsc::UnboundedSender<(usize, SystemTime)>);

#[reaction]
impl Bell {
    async fn sent(&self, event: &Committed<Sent>) -> Result<(), Fault> {
        self.0.send((event.data.number, SystemTime::now()))?;
        Ok(())
    }
}

/// Prints two lines for each rate of appends.
pub(crate) async fn print(url: &str, admin: &Client) {
    println!("\n| appends | from its commit to | p50 | p99 |\n|---|---|---|---|");
    for (name, pace) in [("2/s, idle in between", 500), ("100/s", 10), ("1000/s", 1)] {
        let clean = format!("drop schema if exists {SCHEMA} cascade");
        admin.batch_execute(&clean).await.unwrap();
        let (mut folded, mut told) = at(url, pace).await;
        for (what, took) in [("projection", &mut folded), ("reaction", &mut told)] {
            took.sort_unstable();
            println!("| {name} | {what} | {} | {} |", quantile(took, 50), quantile(took, 99));
        }
        admin.batch_execute(&clean).await.unwrap();
    }
}

async fn open(url: &str) -> Postgres {
    Postgres::options().schema(SCHEMA).connect(url).await.unwrap()
}

async fn at(url: &str, pace: u64) -> (Vec<Duration>, Vec<Duration>) {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let (bell, mut told) = mpsc::unbounded_channel();
    let app = App::new(open(url).await).project::<Seen>().react(Bell(bell));
    let app = app.start().await.unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(WORKER, format!("{TASK}{pace}")).stdin(Stdio::null());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let appended: Vec<(usize, u64, SystemTime)> = said.lines().map(answer).collect();
    let last = appended.iter().map(|(_, id, _)| *id).max().unwrap();
    app.view::<Seen>().after(Id(last)).await.unwrap();
    let mut rings = vec![None; appended.len()];
    for _ in &appended {
        let ring = timeout(Duration::from_secs(10), told.recv()).await.unwrap();
        let (number, time) = ring.unwrap();
        *rings.get_mut(number).unwrap() = Some(time);
    }
    app.shutdown(TIME).await.unwrap();
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    // It may be seen before the answer has come.
    let after = |times: &[Option<SystemTime>]| {
        let took = |(number, _, answered): &(usize, u64, SystemTime)| {
            let time = times.get(*number).copied().flatten().unwrap();
            time.duration_since(*answered).unwrap_or_default()
        };
        appended.iter().map(took).collect()
    };
    (after(&seen), after(&rings))
}

/// A line that the appending process printed: the event's number, its id, when the answer came.
fn answer(line: &str) -> (usize, u64, SystemTime) {
    let mut parts = line.split(' ').map(|part| part.parse::<u64>().unwrap());
    let mut next = || parts.next().unwrap();
    let number = usize::try_from(next()).unwrap();
    (number, next(), UNIX_EPOCH + Duration::from_nanos(next()))
}

/// The process that appends an event every so many milliseconds.
pub(crate) async fn work(url: &str, pace: &str) {
    let pace = Duration::from_millis(pace.parse().unwrap());
    let store = Arc::new(open(url).await);
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (begun, mut appends) = (Instant::now(), JoinSet::new());
    for number in 0.. {
        ticks.tick().await;
        // A paced append of an idle log takes a while to be worth a figure.
        if begun.elapsed() > TIME.max(pace * 20) {
            break;
        }
        let store = Arc::clone(&store);
        appends.spawn(async move {
            let stream = StreamId::new("Sent", number % 20).unwrap();
            let event = NewEvent::new("Sent", Json::from_value(&Sent { number }).unwrap());
            let appended = store.append(Batch::new(stream, Expected::Any, vec![event])).await;
            (number, appended.unwrap().id(), SystemTime::now())
        });
    }
    for (number, Id(id), answered) in appends.join_all().await {
        println!("{number} {id} {}", answered.duration_since(UNIX_EPOCH).unwrap().as_nanos());
    }
}
