//! SQL projections on SQLite: how fast one catches up, and what it costs the appends beside it,
//! on the writer's thread as actum does it and on a second connection as it could be done.
//!
//! `cargo bench -p actum --features sqlite --bench sql_projections`
#![expect(clippy::cast_precision_loss, reason = "rates")]

use std::{
    error::Error,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use actum::{
    Json, SqlProjection,
    prelude::*,
    rusqlite::{self, Connection},
    store::{Batch, Log, NewEvent},
};
use serde::{Deserialize, Serialize};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const EVENTS: u64 = 100_000;
const RUNS: usize = 5;
const CALLERS: u64 = 16;
const LASTS: Duration = Duration::from_secs(2);
const UPSERT: &str = "INSERT INTO sales VALUES (?1, ?2, 1)
    ON CONFLICT (day) DO UPDATE SET cents = cents + excluded.cents, count = count + 1";
const CREATE: &str = "CREATE TABLE sales (day TEXT PRIMARY KEY, cents INTEGER, count INTEGER)";

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {
    day: String,
    cents: i64,
}

struct Sales;

#[projection]
impl Sales {
    fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(CREATE)
    }
    fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &SqliteTransaction<'_>,
    ) -> rusqlite::Result<()> {
        tx.execute(UPSERT, (&event.data.day, event.data.cents)).map(drop)
    }
}

fn batch(number: u64, events: u64) -> Outcome<Batch> {
    let event = |at: u64| -> Outcome<NewEvent> {
        let sold = CheckedOut { day: format!("day {}", (number + at) % 365), cents: 1 };
        Ok(NewEvent::new("CheckedOut", Json::from_value(&sold)?))
    };
    let events = (0..events).map(event).collect::<Outcome<Vec<_>>>()?;
    Ok(Batch::new(format!("Cart-{}", number % 997).parse()?, Expected::Any, events))
}

async fn catch_up() -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let store = Sqlite::open(folder.path().join("shop.db")).await?;
    for number in 0..EVENTS / 100 {
        store.append(batch(number, 100)?).await?;
    }
    let begun = Instant::now();
    let app = App::new(store.clone()).project_sql(Sales, &store).start().await?;
    let seen = app.projected::<Sales>().after(store.head().await?).await?;
    Ok(seen.0 as f64 / begun.elapsed().as_secs_f64())
}

/// Appends with one event each from all callers; how many in a second.
async fn appends(store: &Sqlite) -> Outcome<f64> {
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut count = 0_u64;
            while begun.elapsed() < LASTS {
                store.append(batch(caller + count * CALLERS, 1)?).await?;
                count += 1;
            }
            Outcome::Ok(count)
        })
    });
    let mut all = 0;
    for caller in futures_util::future::join_all(callers).await {
        all += caller??;
    }
    Ok(all as f64 / begun.elapsed().as_secs_f64())
}

/// A projection on a second connection: a transaction of its own for what is new.
fn second(file: &Path, over: &AtomicBool) -> Outcome<i64> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL; {CREATE}; CREATE TABLE place (id INTEGER); INSERT INTO place VALUES (0)"
    ))?;
    let mut place = 0;
    while !over.load(Relaxed) {
        let mut read =
            connection.prepare_cached("SELECT id, data FROM event WHERE id > ?1 LIMIT 1000")?;
        let rows = read.query_map([place], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let events: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
        let Some(last) = events.last().map(|event| event.0) else { continue };
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
        for (_, data) in &events {
            let sold: CheckedOut = serde_json::from_str(data)?;
            connection.prepare_cached(UPSERT)?.execute((&sold.day, sold.cents))?;
        }
        connection.prepare_cached("UPDATE place SET id = ?1")?.execute([last])?;
        connection.prepare_cached("COMMIT")?.execute(())?;
        place = last;
    }
    Ok(place)
}

async fn beside(kind: &str) -> Outcome<(f64, f64)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await?;
    let over = Arc::new(AtomicBool::new(false));
    let mut seen = 0.0;
    let rate;
    match kind {
        "writer" => {
            let app = App::new(store.clone()).project_sql(Sales, &store).start().await?;
            app.projected::<Sales>().await?;
            rate = appends(&store).await?;
            let health = app.health().await?;
            if let Some(one) = health.projections.first() {
                seen = one.seen.0 as f64 / health.head.0 as f64;
            }
        }
        "second" => {
            let (path, stop) = (file.clone(), Arc::clone(&over));
            let thread = std::thread::spawn(move || second(&path, &stop));
            rate = appends(&store).await?;
            over.store(true, Relaxed);
            let place = thread.join().map_err(|_| "it panicked")??;
            seen = place as f64 / store.head().await?.0 as f64;
        }
        _ => rate = appends(&store).await?,
    }
    Ok((rate, seen))
}

fn told(what: &str, mut rates: Vec<f64>) {
    rates.sort_by(f64::total_cmp);
    let (low, high) = (rates.first(), rates.last());
    println!("{what}: {:?}/s, {low:?} … {high:?}", rates.get(rates.len() / 2));
}

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    assert_eq!(Sales::NAME, "Sales");
    runtime.block_on(async {
        let mut rates = Vec::new();
        for _ in 0..RUNS {
            rates.push(catch_up().await?);
        }
        told("events caught up by a SQL projection", rates);
        for kind in ["none", "writer", "second"] {
            let (mut rates, mut seen) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                let (rate, part) = beside(kind).await?;
                rates.push(rate);
                seen.push(part);
            }
            told(&format!("appends of 16 callers, projection: {kind}"), rates);
            println!("    seen when they end: {seen:.2?}");
        }
        Ok(())
    })
}
