//! A shop behind HTTP: carts, the sales of each day, the log as it grows, and the inspector to look
//! at all that, in a SQLite file.
//!
//! `cargo run --example shop` listens on 127.0.0.1:3000 and prints what to try. `--listen` names
//! another address, `--store` another store: `memory`, `sqlite:FILE` or `postgres://…`. Ctrl-C lets
//! what is under way end.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use actum::{
    axum::{
        Router,
        serve::{Listener, ListenerExt},
    },
    http::Api,
    inspector,
    prelude::*,
};
use clap::Parser;
use jiff::{civil::Date, tz::TimeZone};
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::fmt;

pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// How long what is under way may take after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

// The domain: a cart that is filled and checked out.

#[derive(Event, Serialize, Deserialize, Clone)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
    pub cents: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub struct ItemRemoved {
    pub sku: String,
}

#[derive(Event, Serialize, Deserialize)]
pub struct CheckedOut {
    pub cents: u64,
}

#[derive(Events)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    ItemRemoved(ItemRemoved),
    CheckedOut(CheckedOut),
}

/// What a customer is about to buy.
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
pub struct Cart {
    pub items: Vec<ItemAdded>,
    pub checked_out: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.items.push(event);
    }
    fn item_removed(&mut self, ItemRemoved { sku }: ItemRemoved) {
        self.items.retain(|item| item.sku != sku);
    }
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct AddItem {
    #[schemars(regex(pattern = "^[A-Za-z0-9-]{1,40}$"))]
    pub sku: String,
    #[schemars(range(min = 1, max = 99))]
    pub qty: u32,
    /// What one of it costs.
    #[schemars(range(max = 1_000_000))]
    pub cents: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct RemoveItem {
    pub sku: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct CheckOut {}

#[derive(Debug, thiserror::Error)]
pub enum CartError {
    #[error(transparent)]
    Unmet(#[from] Unmet),
    #[error("an SKU has 1 to 40 letters, digits and dashes")]
    Sku,
    #[error("a cart takes 1 to 99 of one kind at a time, not {0}")]
    Quantity(u32),
    #[error("one costs at most 1000000 cents, not {0}")]
    Price(u32),
    #[error("the cart is empty")]
    Empty,
}

#[action(given(open))]
impl Cart {
    /// Puts `qty` of `sku` into the cart.
    fn add_item(&self, AddItem { sku, qty, cents }: AddItem) -> Result<ItemAdded, CartError> {
        // What is in the log stays: this is the place to refuse.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=40).contains(&sku.len()) || !sku.bytes().all(is_plain) {
            return Err(CartError::Sku);
        }
        if !(1..=99).contains(&qty) {
            return Err(CartError::Quantity(qty));
        }
        if cents > 1_000_000 {
            return Err(CartError::Price(cents));
        }
        Ok(ItemAdded { sku, qty, cents })
    }
    /// Takes all of `sku` out of the cart.
    fn remove_item(
        &self,
        RemoveItem { sku }: RemoveItem,
    ) -> Result<Option<ItemRemoved>, CartError> {
        Ok(self.items.iter().any(|item| item.sku == sku).then_some(ItemRemoved { sku }))
    }
    /// Buys what is in the cart.
    fn check_out(&self, CheckOut {}: CheckOut) -> Result<CheckedOut, CartError> {
        if self.items.is_empty() {
            return Err(CartError::Empty);
        }
        let cents = self.items.iter().map(|item| u64::from(item.qty) * u64::from(item.cents));
        Ok(CheckedOut { cents: cents.sum() })
    }
    /// The cart is not checked out.
    fn open(&self) -> bool {
        !self.checked_out
    }
}

// The read models.

#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SalesByDay {
    days: BTreeMap<Date, Sales>,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Sales {
    pub cents: u64,
    pub count: u64,
}

/// What was sold on each day.
#[projection]
impl SalesByDay {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        let day = event.created.to_zoned_datetime(TimeZone::UTC).date();
        let day = self.days.entry(day).or_default();
        day.cents += event.data.cents;
        day.count += 1;
    }
}

#[derive(Default, Serialize, Deserialize)]
pub struct Sold {
    pub qty: u64,
}

/// How often each kind was put into carts.
#[projection(key = |event: &Committed<ItemAdded>| &event.data.sku)]
impl Sold {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.qty += u64::from(event.data.qty);
    }
}

#[derive(Parser)]
#[command(about = "A shop behind HTTP")]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// `memory`, `sqlite:FILE` or `postgres://…`.
    #[arg(long, default_value = "sqlite:shop.db")]
    store: String,
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let Arguments { listen, store } = Arguments::parse();
    // Why a request was answered with 500 or 503 is told here, and never to the client.
    let warnings = fmt().with_max_level(Level::WARN).with_writer(std::io::stderr).with_ansi(false);
    warnings.init();
    let app = start(&store).await?;
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    println!("{}", to_try(address));

    let (stop, stopping) = tokio::sync::oneshot::channel();
    let serving =
        actum::axum::serve(at_once(listener), service(&app)).with_graceful_shutdown(async move {
            stopping.await.ok();
        });
    let serving = tokio::spawn(serving.into_future());
    tokio::signal::ctrl_c().await?;
    println!("# shutting down");
    stop.send(()).ok();
    // It ends the live feeds, which otherwise nobody would.
    let ended = app.shutdown(GRACE).await;
    tokio::time::timeout(GRACE, serving).await???;
    Ok(ended?)
}

/// Starts the shop on a store.
///
/// # Errors
///
/// What the store answers.
pub async fn start(store: &str) -> Result<App, actum::Error> {
    App::new(actum::connect(store).await?)
        .with::<Cart>()
        .project::<SalesByDay>()
        .project::<Sold>()
        .start()
        .await
}

/// Has small messages sent at once, as those of live feeds are.
pub fn at_once(listener: TcpListener) -> impl Listener<Addr = SocketAddr> {
    listener.tap_io(|connection| {
        // Without it they are late, not lost.
        connection.set_nodelay(true).ok();
    })
}

/// All that the shop serves.
pub fn service(app: &App) -> Router {
    Api::new(app.clone())
        .input::<Cart, AddItem>(schema_for!(AddItem))
        .input::<Cart, RemoveItem>(schema_for!(RemoveItem))
        .input::<Cart, CheckOut>(schema_for!(CheckOut))
        .router()
        .nest("/actum", inspector::router(app.clone()))
}

fn to_try(address: SocketAddr) -> String {
    let json = "-H 'content-type: application/json'";
    format!(
        r#"# the shop listens on http://{address}; to try, in another shell:
curl -i http://{address}/Cart/123/AddItem {json} -d '{{"sku":"A123","qty":2,"cents":950}}'
curl -i http://{address}/Cart/123/AddItem {json} -H 'idempotency-key: req-77' -d '{{"sku":"B456","qty":1,"cents":4999}}'
curl -i http://{address}/Cart/123/CheckOut {json} -H 'if-match: "2"' -d '{{}}'
curl http://{address}/Cart/123
curl http://{address}/Cart/123?version=1
curl http://{address}/Cart/123/history
curl http://{address}/views/SalesByDay?after=3
curl http://{address}/views/Sold/A123
curl -N http://{address}/events?after=0
curl http://{address}/openapi.json
# and, in a browser, the inspector: http://{address}/actum/
# Ctrl-C ends it"#
    )
}
