//! The domain of the cases: carts that are checked out, and what is sold by day, twice: as a
//! document, and as a table.

use std::{collections::BTreeMap, path::Path, time::Duration};

use actum::{
    Json,
    prelude::*,
    store::{Batch, Log, NewEvent},
};
use serde::{Deserialize, Serialize};

pub const SOON: Duration = Duration::from_secs(20);

#[derive(Event, Serialize, Deserialize, Clone, Debug)]
pub struct CheckedOut {
    pub day: String,
    pub cents: i64,
}

/// What no projection takes.
#[derive(Event, Serialize, Deserialize, Clone, Debug)]
pub struct Viewed {}

#[derive(Events, Clone, Debug)]
pub enum CartEvent {
    CheckedOut(CheckedOut),
    Viewed(Viewed),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
pub struct Cart {
    cents: i64,
}

#[patch]
impl Cart {
    fn checked_out(&mut self, event: CheckedOut) {
        self.cents += event.cents;
    }
    fn viewed(&mut self, _: Viewed) {}
}

#[derive(Serialize, Deserialize)]
pub struct CheckOut {
    pub day: String,
    pub cents: i64,
}
#[derive(Serialize, Deserialize)]
pub struct Look {}

#[action]
impl Cart {
    fn check_out(&self, input: CheckOut) -> Result<CheckedOut, std::convert::Infallible> {
        Ok(CheckedOut { day: input.day, cents: input.cents })
    }
    fn look(&self, _: Look) -> Result<Viewed, std::convert::Infallible> {
        Ok(Viewed {})
    }
}

pub fn check_out(day: &str, cents: i64) -> CheckOut {
    CheckOut { day: day.to_owned(), cents }
}

/// Cents and number of purchases of each day.
pub type Days = BTreeMap<String, (i64, i64)>;

/// What is sold by day, as a document.
#[derive(Default, Serialize, Deserialize)]
pub struct SalesDocument {
    pub days: Days,
}

#[projection]
impl SalesDocument {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        let day = self.days.entry(event.data.day.clone()).or_default();
        *day = (day.0 + event.data.cents, day.1 + 1);
    }
}

/// Makes the table; for both kinds of SQL.
pub const CREATE: &str =
    "CREATE TABLE sales (day text PRIMARY KEY, cents bigint NOT NULL, count bigint NOT NULL)";

/// What is sold by day, in a table.
pub struct SalesTable;

/// What is sold by day.
#[projection]
impl SalesTable {
    fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(CREATE)
    }

    fn reset(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch("DROP TABLE sales")
    }

    /// Adds a purchase to its day.
    fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &SqliteTransaction<'_>,
    ) -> rusqlite::Result<()> {
        sell(tx, &event.data)
    }
}

pub fn sell(tx: &SqliteTransaction<'_>, sold: &CheckedOut) -> rusqlite::Result<()> {
    let sql = "INSERT INTO sales VALUES (?1, ?2, 1)
        ON CONFLICT (day) DO UPDATE SET cents = cents + excluded.cents, count = count + 1";
    tx.execute(sql, (&sold.day, sold.cents)).map(drop)
}

/// The table, read by another program.
pub fn table(file: &Path) -> Days {
    let connection = rusqlite::Connection::open(file).expect("the file");
    let mut statement = connection.prepare("SELECT day, cents, count FROM sales").expect("a table");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
    rows.expect("rows").collect::<Result<_, _>>().expect("rows")
}

/// What the log says was sold up to an id: the plain fold.
pub async fn fold(log: &impl Log, to: Id) -> Days {
    use futures_util::TryStreamExt;
    let query = Query::all().name("CheckedOut").to_id(to);
    let events: Vec<Committed> = log.read(query).try_concat().await.expect("a read");
    let mut sales = SalesDocument::default();
    for event in events {
        sales.checked_out(&event.decode().expect("a checkout"));
    }
    sales.days
}

/// The 6,919 purchases of the CDNOW sample, as checkouts.
pub fn sample() -> Vec<CheckedOut> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/cdnow_sample.txt");
    let text = std::fs::read_to_string(file).expect("the sample");
    let purchase = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let [.., date, _, total] = columns[..] else { panic!("three columns in `{line}`") };
        let (whole, part) = total.split_once('.').unwrap_or((total, ""));
        let cents = format!("{whole}{part:0<2}").parse().expect("cents");
        CheckedOut { day: date.to_owned(), cents }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(purchase).collect()
}

/// Appends checkouts, spread over streams, with what concerns nobody in between.
pub async fn append(log: &impl Log, sold: &[CheckedOut]) -> Id {
    let event = |sold| NewEvent::new("CheckedOut", Json::from_value(sold).expect("JSON"));
    let viewed = NewEvent::new("Viewed", Json::from_text("{}").expect("JSON"));
    for (at, some) in sold.chunks(50).enumerate() {
        let mut batch = Batch::default();
        for (number, part) in some.chunks(10).enumerate() {
            let stream = format!("Cart-{}", (at + number) % 97).parse().expect("a stream");
            let events = part.iter().map(event).chain([viewed.clone()]).collect();
            batch = batch.and(stream, Expected::Any, events);
        }
        log.append(batch).await.expect("appended");
    }
    log.head().await.expect("a head")
}

/// Waits for a condition; gives up, loudly, after half a minute.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}

/// The texts of an error and of all that lies under it.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}
