//! Sales by day: a read model folded from the checkouts of all carts.
//!
//! `cargo run --example sales` feeds three checkouts and prints the sales of two days.
//! `cargo run --release --example sales -- FILE` imports purchases, one cart a line, and prints
//! the sales of all days. It takes the CDNOW data of Fader and Hardie: the sample with five
//! columns (customer, sample id, date, CDs, dollars) and the full file with a header line and
//! four (without the sample id). Run twice with the same store, it stores nothing twice.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use actum::{prelude::*, store::Store};
use clap::Parser;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

// The domain: a cart that is filled and checked out.

#[derive(Event, Serialize, Deserialize)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub struct CheckedOut {
    pub total: Decimal,
    pub timestamp: Timestamp,
}

#[derive(Events)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
pub struct Cart {
    pub checked_out: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, _: ItemAdded) {}
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the cart is checked out")]
pub struct AlreadyCheckedOut;

/// A purchase from the past: filled and checked out at once.
#[derive(Serialize, Deserialize)]
pub struct Import {
    pub qty: u32,
    pub total: Decimal,
    pub timestamp: Timestamp,
}

#[action]
impl Cart {
    #[given(open)]
    fn import(&self, input: Import) -> Result<(ItemAdded, CheckedOut), AlreadyCheckedOut> {
        let Import { qty, total, timestamp } = input;
        Ok((ItemAdded { sku: "CD".to_owned(), qty }, CheckedOut { total, timestamp }))
    }
    fn open(&self) -> Result<(), AlreadyCheckedOut> {
        if self.checked_out { Err(AlreadyCheckedOut) } else { Ok(()) }
    }
}

// The read model.

#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SalesByDay {
    days: BTreeMap<Date, Sales>,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Sales {
    #[serde(with = "exact")]
    total: Decimal,
    count: u64,
}

#[projection]
impl SalesByDay {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        let CheckedOut { total, timestamp } = event.data;
        let day = self.days.entry(timestamp.to_zoned_datetime(TimeZone::UTC).date()).or_default();
        day.total += total;
        day.count += 1;
    }
}

/// Decimals as JSON numbers, digit by digit: never by way of a float.
mod exact {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
    use serde_json::value::RawValue;

    pub(super) fn serialize<S: Serializer>(value: &Decimal, to: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(value.to_string()).map_err(ser::Error::custom)?;
        number.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
        let number = Box::<RawValue>::deserialize(from)?;
        number.get().parse().map_err(de::Error::custom)
    }
}

#[derive(Parser)]
#[command(about = "Sales by day, from three checkouts or from a file of purchases")]
struct Arguments {
    /// The purchases: CDNOW's sample or full file.
    file: Option<PathBuf>,
    /// `memory`, `sqlite:FILE` or `postgres://…`; a temporary file unless named.
    #[arg(long, default_value = "sqlite:")]
    store: String,
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let Arguments { file, store } = Arguments::parse();
    // Everything is read and checked before anything is stored.
    let purchases = match &file {
        Some(file) => read(file)?,
        None => three()?,
    };
    let scratch = tempfile::tempdir()?;
    let store = match store.as_str() {
        "sqlite:" => {
            let file = scratch.path().join("sales.db");
            eprintln!("store: sqlite:{} (temporary)", file.display());
            Arc::new(Sqlite::open(file).await?)
        }
        url => actum::connect(url).await?,
    };
    let sales = import(store, purchases).await?;
    println!("{}", serde_json::to_string(&sales)?);
    Ok(())
}

/// Stores the purchases, each with a key, and reads the sales when all are seen.
async fn import(store: Arc<dyn Store>, purchases: Vec<Purchase>) -> Result<SalesByDay, AnyError> {
    let app = App::new(store).with::<Cart>().project::<SalesByDay>().start().await?;
    let bar = ProgressBar::new(purchases.len() as u64).with_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} purchases, {per_sec}, {eta} left",
    )?);
    let last = stream::iter(purchases)
        .map(|Purchase { cart, input }| {
            let (app, bar) = (&app, &bar);
            async move {
                let key = format!("import {cart}");
                let done = app.act::<Cart>(&cart, input).key(key).await;
                bar.inc(1);
                done.map(|done| done.id).map_err(|error| format!("Cart-{cart}: {error}"))
            }
        })
        .buffer_unordered(64)
        .try_fold(Id(0), async |last, id| Ok(last.max(id)))
        .await?;
    bar.finish();
    Ok(app.view::<SalesByDay>().after(last).await?)
}

/// One cart of the past.
struct Purchase {
    cart: String,
    input: Import,
}

fn three() -> Result<Vec<Purchase>, AnyError> {
    let checkouts = [
        ("1", "120.5", "2024-06-01T14:23:00Z"),
        ("2", "80.0", "2024-06-01T15:10:00Z"),
        ("3", "200.0", "2024-06-02T09:00:00Z"),
    ];
    let purchase = |(cart, total, timestamp): (&str, &str, &str)| {
        let input = Import { qty: 1, total: total.parse()?, timestamp: timestamp.parse()? };
        Ok(Purchase { cart: cart.to_owned(), input })
    };
    checkouts.into_iter().map(purchase).collect()
}

/// Reads all purchases of a file, or tells which line is wrong.
fn read(file: &std::path::Path) -> Result<Vec<Purchase>, AnyError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut purchases = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let columns: Vec<_> = line.split_whitespace().collect();
        let is_header = number == 1
            && columns.iter().all(|column| !column.starts_with(|c: char| c.is_ascii_digit()));
        if columns.is_empty() || is_header {
            continue;
        }
        let input =
            purchase(&columns).map_err(|error| format!("{shown}, line {number}: {error}"))?;
        purchases.push(Purchase { cart: format!("{name}-{number}"), input });
    }
    Ok(purchases)
}

fn purchase(columns: &[&str]) -> Result<Import, AnyError> {
    let ([_, _, date, qty, total] | [_, date, qty, total]) = *columns else {
        return Err(format!("{} columns where 4 or 5 are expected", columns.len()).into());
    };
    let day = Date::strptime("%Y%m%d", date).map_err(|error| format!("date `{date}`: {error}"))?;
    let qty = qty.parse().map_err(|error| format!("quantity `{qty}`: {error}"))?;
    let total: Decimal = total.parse().map_err(|error| format!("total `{total}`: {error}"))?;
    let timestamp = day.to_zoned_datetime(TimeZone::UTC)?.timestamp();
    Ok(Import { qty, total, timestamp })
}
