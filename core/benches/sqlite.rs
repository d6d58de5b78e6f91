//! Measures the SQLite store beside bare loops of the same run.
//!
//! `cargo bench -p actum --features sqlite --bench sqlite [-- FOLDER]`; the folder should lie on
//! the disk that is to be measured.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first failure")]

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use actum::{
    Json, Meta, MetaFields, StreamId, Timestamp,
    store::{Batch, Expected, Log, NewEvent, Query, Sqlite},
};
use futures_util::StreamExt;
use rusqlite::{Connection, params};

const SECONDS: Duration = Duration::from_secs(2);
const CARTS: usize = 1000;
const DATA: &str = r#"{"sku":"A-1234567","qty":2}"#;

fn main() {
    let place = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder =
        tempfile::tempdir_in(place.map_or_else(std::env::temp_dir, PathBuf::from)).unwrap();
    let path = |name: &str| folder.path().join(name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    println!("{:<44} {:>12}", "what", "per second");
    let file = row("bare file append + fdatasync", || bare_file(&path("bare.log")));
    let loop1 = row("bare rusqlite INSERT … COMMIT", || bare_rows(&path("bare.db"), 1));
    row("bare rusqlite, 100 rows a COMMIT", || bare_rows(&path("bare100.db"), 100));
    let one = row("append, 1 caller", || runtime.block_on(appends(path("1.db"), 1, 1)));
    let again = row("bare rusqlite INSERT … COMMIT, again", || bare_rows(&path("again.db"), 1));
    row("append, 16 callers", || runtime.block_on(appends(path("16.db"), 16, 1)));
    row("append, 64 callers", || runtime.block_on(appends(path("64.db"), 64, 1)));
    row("events in batches of 100, 1 caller", || runtime.block_on(appends(path("b1.db"), 1, 100)));
    row("events in batches of 100, 4 callers", || runtime.block_on(appends(path("b4.db"), 4, 100)));
    runtime.block_on(reads(path("read.db")));
    println!(
        "{:<44} {:>11.0}%",
        "1 caller of the bare rusqlite loops",
        200.0 * one / (loop1 + again)
    );
    println!("{:<44} {:>11.0}%", "1 caller of the bare file loop", 100.0 * one / file);
}

fn row(what: &str, run: impl FnOnce() -> f64) -> f64 {
    let rate = run();
    println!("{what:<44} {rate:>12.0}");
    rate
}

/// What a log without any structure does.
fn bare_file(path: &Path) -> f64 {
    let mut file = File::create(path).unwrap();
    let line = [b'x'; 200];
    timed(1, || {
        file.write_all(&line).unwrap();
        file.sync_data().unwrap();
    })
}

/// What SQLite does without a store around it, on the store's own tables.
fn bare_rows(path: &Path, rows: usize) -> f64 {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    connection.execute_batch(include_str!("../src/store/sqlite/writer.sql")).unwrap();
    connection.execute_batch(include_str!("../src/store/sqlite/schema.sql")).unwrap();
    let mut insert = connection.prepare(include_str!("../src/store/sqlite/insert.sql")).unwrap();
    let mut begin = connection.prepare("BEGIN IMMEDIATE").unwrap();
    let mut commit = connection.prepare("COMMIT").unwrap();
    let meta = meta(1);
    let mut id = 0_i64;
    timed(rows, || {
        begin.execute([]).unwrap();
        for _ in 0..rows {
            id += 1;
            let (cart, version) = (id % 1000, id / 1000 + 1);
            let created = Timestamp::now().as_microsecond();
            let meta = meta.json().as_str();
            insert.execute(params![id, cart, version, 1, 1, created, DATA, meta]).unwrap();
        }
        commit.execute([]).unwrap();
    })
}

/// Callers that append, each to its own streams in turn.
async fn appends(path: PathBuf, callers: usize, events: usize) -> f64 {
    let store = Sqlite::open(path).await.unwrap();
    let (start, end) = (Instant::now(), Instant::now() + SECONDS);
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut stored = 0;
                for turn in 0.. {
                    if Instant::now() > end {
                        break;
                    }
                    let cart = (caller + turn * callers) % CARTS;
                    store.append(batch(cart, events)).await.unwrap();
                    stored += events;
                }
                stored
            })
        })
        .collect();
    let mut stored = 0;
    for task in tasks {
        stored += task.await.unwrap();
    }
    rate(stored, start.elapsed())
}

async fn reads(path: PathBuf) {
    let store = Sqlite::open(path).await.unwrap();
    for cart in 0..CARTS {
        store.append(batch(cart, 100)).await.unwrap();
    }
    let rare = NewEvent::new("Rare", Json::from_stored(DATA.as_bytes()));
    store.append(Batch::new(stream(0), Expected::Any, vec![rare])).await.unwrap();
    let all = || Query::all();
    measure(&store, "read 100,000 events", all()).await;
    measure(&store, "read 100,000 events without meta", all().without_meta()).await;
    measure(&store, "read 100,000 events backward", all().backward()).await;
    measure(&store, "scan 100,000 events for a category", all().category("Other")).await;
    measure(&store, "scan 100,000 events for a name", all().name("Rare")).await;
    measure(&store, "scan 100,000 events for a correlation", all().correlation("none")).await;
    let start = Instant::now();
    for cart in 0..CARTS {
        count(&store, Query::stream(stream(cart))).await;
    }
    println!(
        "{:<44} {:>12.0}",
        "events of 1,000 streams of 100",
        rate(100 * CARTS, start.elapsed())
    );
}

async fn measure(store: &Sqlite, what: &str, query: Query) {
    let mut best: f64 = 0.0;
    for _ in 0..5 {
        let start = Instant::now();
        count(store, query.clone()).await;
        best = best.max(rate(100_000, start.elapsed()));
    }
    println!("{what:<44} {best:>12.0}");
}

async fn count(store: &Sqlite, query: Query) -> usize {
    let mut pages = store.read(query);
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().len();
    }
    count
}

fn batch(cart: usize, events: usize) -> Batch {
    let meta = meta(cart);
    let event = |_| {
        let data = Json::from_stored(DATA.as_bytes());
        NewEvent { meta: meta.clone(), ..NewEvent::new("ItemAdded", data) }
    };
    Batch::new(stream(cart), Expected::Any, (0..events).map(event).collect())
}

fn stream(cart: usize) -> StreamId {
    StreamId::new("Cart", cart).unwrap()
}

fn meta(cart: usize) -> Meta {
    Meta::new(MetaFields {
        correlation: Some(uuid::Uuid::now_v7().to_string()),
        causation: Some("AddItem".to_owned()),
        actor: Some(format!("user-{cart}")),
        ..MetaFields::default()
    })
    .unwrap()
}

fn timed(events: usize, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut stored = 0;
    while start.elapsed() < SECONDS {
        run();
        stored += events;
    }
    rate(stored, start.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown with three digits or so")]
fn rate(events: usize, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}
