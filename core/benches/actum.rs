//! How fast actum is on this machine: `cargo bench -p actum --features sqlite --bench actum`.
//!
//! Prints one table; each figure is the median of the runs, with the slowest and the fastest. The
//! bare loops run beside what they are compared with, on the same disk, in the same minutes.
//! `ACTUM_BENCH_RUNS` sets how many runs (5), `ACTUM_BENCH_ONLY` picks rows by a part of their
//! name.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use actum::{
    Json,
    prelude::*,
    store::{Batch, NewEvent, Store},
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
    qty: u32,
}

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {
    total: u64,
}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
struct Cart {
    items: Vec<ItemAddedItem>,
    checked_out: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct ItemAddedItem {
    sku: String,
    qty: u32,
}

#[patch]
impl Cart {
    fn item_added(&mut self, ItemAdded { sku, qty }: ItemAdded) {
        self.items.push(ItemAddedItem { sku, qty });
    }
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
}

#[derive(Serialize, Deserialize)]
struct AddItem {
    sku: String,
    qty: u32,
}

#[derive(Serialize, Deserialize)]
struct CheckOut;

#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the cart is checked out")
    }
}

impl std::error::Error for Closed {}

#[action]
impl Cart {
    #[given(open)]
    fn add_item(&self, AddItem { sku, qty }: AddItem) -> Result<ItemAdded, Closed> {
        Ok(ItemAdded { sku, qty })
    }
    #[given(open)]
    fn check_out(&self, _: CheckOut) -> Result<CheckedOut, Closed> {
        Ok(CheckedOut { total: self.items.iter().map(|item| u64::from(item.qty)).sum() })
    }
    fn open(&self) -> Result<(), Closed> {
        if self.checked_out { Err(Closed) } else { Ok(()) }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Sales {
    checkouts: u64,
    items: u64,
}

#[projection]
impl Sales {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.items += u64::from(event.data.qty);
    }
    fn checked_out(&mut self, _: &Committed<CheckedOut>) {
        self.checkouts += 1;
    }
}

const CARTS: u64 = 1_000;
const COMMANDS: u64 = 20;
const EVENTS: u64 = 100_000;

/// The same, for each cart.
#[derive(Default, Serialize, Deserialize)]
struct CartSales {
    items: u64,
}

#[projection(key = stream)]
impl CartSales {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.items += u64::from(event.data.qty);
    }
}

/// The same, for each article, over two partitions.
#[derive(Default, Serialize, Deserialize)]
struct SkuSales {
    items: u64,
}

#[projection(key = |event| &event.data.sku, partitions = 2)]
impl SkuSales {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.items += u64::from(event.data.qty);
    }
}

#[tokio::main]
async fn main() {
    let bench = Bench::from_environment();
    println!("| what | median | slowest … fastest |");
    println!("|---|---|---|");

    bench.row("memory: commands, 1 caller", CARTS * COMMANDS, async |clock| {
        let app = App::new(Memory::new()).with::<Cart>().start().await.unwrap();
        clock.time(commands(&app, 1, CARTS)).await;
    });
    bench.row("bare file: append + fdatasync, 1 writer", 4_000, async |clock| {
        let folder = folder();
        let mut file = File::create(folder.path().join("log")).unwrap();
        clock
            .time(async {
                for _ in 0..4_000 {
                    file.write_all(&[b'x'; 200]).unwrap();
                    file.sync_data().unwrap();
                }
            })
            .await;
    });
    bench.row("bare SQLite: INSERT, COMMIT, 1 connection", 4_000, async |clock| {
        let folder = folder();
        let connection = bare(&folder.path().join("bare.db"));
        clock
            .time(async {
                let mut insert = connection.prepare(INSERT).unwrap();
                for at in 0..4_000_i64 {
                    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                    insert.execute((at % 100, at / 100 + 1, DATA, META)).unwrap();
                    connection.execute_batch("COMMIT").unwrap();
                }
            })
            .await;
    });
    against_bare(&bench);
    for callers in [1, 16] {
        let carts = if callers == 1 { CARTS / 5 } else { CARTS };
        let name = format!("SQLite: commands, {callers} caller(s)");
        bench.row(&name, carts * COMMANDS, async |clock| {
            let folder = folder();
            let store = Sqlite::open(folder.path().join("bench.db")).await.unwrap();
            let app = App::new(store).with::<Cart>().start().await.unwrap();
            clock.time(commands(&app, callers, carts)).await;
        });
    }
    bench.row("SQLite: events appended in batches of 100", EVENTS, async |clock| {
        let folder = folder();
        let store: Arc<dyn Store> =
            Arc::new(Sqlite::open(folder.path().join("bench.db")).await.unwrap());
        clock.time(fill(&store)).await;
    });
    bench.row("SQLite: events replayed into one cart", EVENTS, async |clock| {
        let folder = folder();
        let store: Arc<dyn Store> =
            Arc::new(Sqlite::open(folder.path().join("bench.db")).await.unwrap());
        one_stream(&store).await;
        let app = App::new(store).with::<Cart>().start().await.unwrap();
        clock
            .time(async {
                let cart = app.load::<Cart>("1").await.unwrap();
                assert_eq!(cart.items.len() as u64, EVENTS);
            })
            .await;
    });
    caught_up(&bench);
}

/// One caller and the bare loop in turns of 200 commits, so that what disturbs the disk disturbs
/// both.
fn against_bare(bench: &Bench) {
    let what = "SQLite: 1 caller in turns with the bare SQLite loop, its share";
    if !what.contains(&bench.only) {
        return;
    }
    tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(async {
            let folder = folder();
            let connection = bare(&folder.path().join("bare.db"));
            let mut insert = connection.prepare(INSERT).unwrap();
            let store = Sqlite::open(folder.path().join("bench.db")).await.unwrap();
            let app = App::new(store).with::<Cart>().start().await.unwrap();
            let mut shares = Vec::new();
            let mut at = 0_i64;
            for turn in 0..bench.runs as u64 * 8 {
                let begun = Instant::now();
                for _ in 0..200 {
                    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                    insert.execute((at % 100, at / 100 + 1, DATA, META)).unwrap();
                    connection.execute_batch("COMMIT").unwrap();
                    at += 1;
                }
                let bare = begun.elapsed();
                let begun = Instant::now();
                let app = app.clone();
                let caller = async move {
                    for cart in 0..10 {
                        fill_cart(&app, turn * 10 + cart).await;
                    }
                };
                tokio::spawn(caller).await.unwrap();
                shares.push(bare.as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0);
            }
            shares.sort_by(f64::total_cmp);
            let at = |part: usize| shares.get(shares.len() * part / 4).copied().unwrap_or_default();
            println!("| {what} | {:.0} % | {:.0} … {:.0} % (quartiles) |", at(2), at(1), at(3));
        });
    });
}

/// Projections that begin with a full log.
fn caught_up(bench: &Bench) {
    bench.row("SQLite: events caught up by a projection", EVENTS, async |clock| {
        let folder = folder();
        let store: Arc<dyn Store> =
            Arc::new(Sqlite::open(folder.path().join("bench.db")).await.unwrap());
        fill(&store).await;
        let head = store.head().await.unwrap();
        let app = App::new(store).with::<Cart>().project::<Sales>();
        clock
            .time(async {
                let app = app.start().await.unwrap();
                let sales = app.view::<Sales>().after(head).await.unwrap();
                assert_eq!(sales.items, EVENTS);
            })
            .await;
    });
    bench.row(
        "SQLite: events caught up, a document for each of 1,000 streams",
        EVENTS,
        async |clock| {
            let folder = folder();
            let store: Arc<dyn Store> =
                Arc::new(Sqlite::open(folder.path().join("bench.db")).await.unwrap());
            fill(&store).await;
            let head = store.head().await.unwrap();
            let app = App::new(store).with::<Cart>().project::<CartSales>();
            clock
                .time(async {
                    let app = app.start().await.unwrap();
                    let one = app.view::<CartSales>().key("Cart-1").after(head).await.unwrap();
                    assert_eq!(one.unwrap().items, EVENTS / CARTS);
                })
                .await;
        },
    );
    bench.row(
        "SQLite: events caught up, two partitions, a key from the payload",
        EVENTS,
        async |clock| {
            let folder = folder();
            let store: Arc<dyn Store> =
                Arc::new(Sqlite::open(folder.path().join("bench.db")).await.unwrap());
            fill(&store).await;
            let head = store.head().await.unwrap();
            let app = App::new(store).with::<Cart>().project::<SkuSales>();
            clock
                .time(async {
                    let app = app.start().await.unwrap();
                    let all = app.views::<SkuSales>().after(head).all().await.unwrap();
                    assert_eq!(all.iter().map(|(_, one)| one.items).sum::<u64>(), EVENTS);
                })
                .await;
        },
    );
}

/// Asks 20 actions of each cart; every caller has carts of its own.
async fn commands(app: &App, callers: usize, carts: u64) {
    let callers_work = (0..callers as u64).map(|caller| {
        let app = app.clone();
        tokio::spawn(async move {
            for cart in (caller..carts).step_by(callers) {
                fill_cart(&app, cart).await;
            }
        })
    });
    for caller in callers_work.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

async fn fill_cart(app: &App, cart: u64) {
    for at in 1..COMMANDS {
        let add = AddItem { sku: format!("A{at}"), qty: 1 };
        app.act::<Cart>(cart, add).await.unwrap();
    }
    app.act::<Cart>(cart, CheckOut).await.unwrap();
}

fn events(count: u64) -> Vec<NewEvent> {
    let data = Json::from_value(&ItemAdded { sku: "A123".to_owned(), qty: 1 }).unwrap();
    (0..count).map(|_| NewEvent::new("ItemAdded", data.clone())).collect()
}

/// Appends 100,000 events to 1,000 streams, 100 a batch, 16 batches under way.
async fn fill(store: &Arc<dyn Store>) {
    let batches = (0..EVENTS / 100).map(|at| {
        let stream = StreamId::new("Cart", at % CARTS).unwrap();
        let store = Arc::clone(store);
        async move { store.append(Batch::new(stream, Expected::Any, events(100))).await.unwrap() }
    });
    stream::iter(batches).buffer_unordered(16).for_each(async |_| {}).await;
}

async fn one_stream(store: &Arc<dyn Store>) {
    for _ in 0..EVENTS / 1_000 {
        let stream = StreamId::new("Cart", 1).unwrap();
        store.append(Batch::new(stream, Expected::Any, events(1_000))).await.unwrap();
    }
}

const DATA: &str = r#"{"sku":"A123","qty":1}"#;
const META: &str =
    r#"{"correlation":"01936d6c-7b5e-7c3a-9d7e-2f6a1b3c4d5e","causation":"AddItem"}"#;
const INSERT: &str = "INSERT INTO events (stream, version, data, meta) VALUES (?1, ?2, ?3, ?4)";

/// A table like the store's, without the store.
fn bare(file: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection
        .execute_batch(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE events (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL,
               version INTEGER NOT NULL, data TEXT NOT NULL, meta TEXT NOT NULL) STRICT;
             CREATE UNIQUE INDEX events_by_stream ON events (stream, version);",
        )
        .unwrap();
    connection
}

/// On the disk of the target folder, not on a memory disk.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

struct Bench {
    runs: usize,
    only: String,
}

#[derive(Default)]
struct Clock(Duration);

impl Clock {
    async fn time(&mut self, work: impl Future<Output = ()>) {
        let begun = Instant::now();
        work.await;
        self.0 = begun.elapsed();
    }
}

impl Bench {
    fn from_environment() -> Self {
        let runs = std::env::var("ACTUM_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok());
        let only = std::env::var("ACTUM_BENCH_ONLY").unwrap_or_default();
        Self { runs: runs.unwrap_or(5), only }
    }

    fn row(&self, what: &str, count: u64, mut run: impl AsyncFnMut(&mut Clock)) {
        if !what.contains(&self.only) {
            return;
        }
        tokio::task::block_in_place(|| {
            let mut rates = Vec::new();
            for _ in 0..self.runs {
                let mut clock = Clock::default();
                tokio::runtime::Handle::current().block_on(run(&mut clock));
                #[expect(clippy::cast_precision_loss, reason = "a rate")]
                rates.push(count as f64 / clock.0.as_secs_f64());
            }
            rates.sort_by(f64::total_cmp);
            let at = |index: usize| rates.get(index).copied().unwrap_or_default();
            let (slowest, fastest) = (at(0), at(rates.len() - 1));
            println!("| {what} | {:.0}/s | {slowest:.0} … {fastest:.0} |", at(rates.len() / 2));
        });
    }
}
