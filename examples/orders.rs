//! Orders on their way: checkout, payment by a flaky service, shipping, a reminder.
//!
//! `cargo run --example orders` sends 20 carts on their way, in memory, and prints what became of
//! one. `--store URL` takes `sqlite:FILE`, `postgres://…` or `nats://…`; there several processes can
//! share the work: each with `--worker` only reacts, and goes when all is shipped. Whichever of them runs a
//! reaction, and whichever is killed, each order is shipped once.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use actum::prelude::*;
use clap::Parser;
use serde::{Deserialize, Serialize};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// How long is waited before the state of the orders is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

// The domain: a cart that is checked out, and the order that comes of it.

#[derive(Event, Serialize, Deserialize)]
pub struct CheckedOut {
    pub cents: u64,
}

#[derive(Events)]
pub enum CartEvent {
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
pub struct Cart {
    pub checked_out: bool,
}

#[patch]
impl Cart {
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
}

#[derive(Serialize, Deserialize)]
pub struct CheckOut {
    pub cents: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the cart is checked out already")]
    CheckedOut,
    #[error("the order is paid already")]
    Paid,
}

#[action]
impl Cart {
    fn check_out(&self, CheckOut { cents }: CheckOut) -> Result<CheckedOut, Refusal> {
        if self.checked_out { Err(Refusal::CheckedOut) } else { Ok(CheckedOut { cents }) }
    }
}

#[derive(Event, Serialize, Deserialize)]
pub struct Paid {
    pub receipt: String,
}

#[derive(Event, Serialize, Deserialize)]
pub struct Shipped {
    pub parcel: String,
}

#[derive(Event, Serialize, Deserialize)]
pub struct Reminded;

#[derive(Events)]
pub enum OrderEvent {
    Paid(Paid),
    Shipped(Shipped),
    Reminded(Reminded),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
pub struct Order {
    pub paid: bool,
    pub parcels: Vec<String>,
    pub reminders: u32,
}

#[patch]
impl Order {
    fn paid(&mut self, _: Paid) {
        self.paid = true;
    }
    fn shipped(&mut self, Shipped { parcel }: Shipped) {
        self.parcels.push(parcel);
    }
    fn reminded(&mut self, _: Reminded) {
        self.reminders += 1;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Pay {
    pub receipt: String,
}

#[derive(Serialize, Deserialize)]
pub struct Ship {
    pub parcel: String,
}

#[derive(Serialize, Deserialize)]
pub struct Remind;

#[action]
impl Order {
    fn pay(&self, Pay { receipt }: Pay) -> Result<Paid, Refusal> {
        if self.paid { Err(Refusal::Paid) } else { Ok(Paid { receipt }) }
    }

    /// Ships a parcel: nothing here keeps an order from being shipped twice.
    fn ship(&self, Ship { parcel }: Ship) -> Result<Shipped, Refusal> {
        Ok(Shipped { parcel })
    }

    fn remind(&self, _: Remind) -> Result<Reminded, Refusal> {
        Ok(Reminded)
    }
}

// The reactions: what the program does after an event.

/// A payment service somewhere else: at times it does not answer, and some cards it turns down
/// until their owners have called the bank.
pub struct Gateway {
    pub seed: u64,
    pub called: Arc<AtomicBool>,
}

#[derive(Debug, thiserror::Error)]
pub enum Declined {
    #[error("the payment service does not answer")]
    Silent,
    #[error("the card is turned down")]
    TurnedDown,
}

impl Gateway {
    /// Charges a cart, once for each key.
    async fn charge(&self, key: &str, cart: &str, attempt: u32) -> Result<String, Declined> {
        tokio::task::yield_now().await;
        if !self.called.load(Relaxed) && self.chance(cart, 0) < 15 {
            return Err(Declined::TurnedDown);
        }
        if self.chance(cart, attempt) < 30 { Err(Declined::Silent) } else { Ok(key.to_owned()) }
    }

    /// A number below 100 that depends on nothing but the seed and these two.
    fn chance(&self, cart: &str, attempt: u32) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, cart, attempt).hash(&mut hasher);
        hasher.finish() % 100
    }
}

pub struct Payment {
    pub gateway: Gateway,
}

/// Charges what was checked out.
#[reaction(attempts = 5, backoff = "5ms", longest = "50ms", lease = "2s")]
impl Payment {
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        cx: &Cx,
        pay: Ask<'_, Order, Pay>,
    ) -> Result<(), Fault> {
        let cart = event.stream.id();
        match self.gateway.charge(&cx.key(), cart, cx.attempt()).await {
            Ok(receipt) => pay.act(cart, Pay { receipt }).await?,
            // Another try will not help: the stream is parked until a person looks at it.
            Err(error @ Declined::TurnedDown) => return Err(Fault::park(error)),
            Err(error @ Declined::Silent) => return Err(error.into()),
        };
        Ok(())
    }
}

pub struct Shipping;

/// Ships what is paid, and reminds of it a little later.
#[reaction(lease = "2s")]
impl Shipping {
    async fn paid(
        &self,
        event: &Committed<Paid>,
        ship: Ask<'_, Order, Ship>,
        remind: Ask<'_, Order, Remind>,
    ) -> Result<(), Fault> {
        let order = event.stream.id();
        ship.act(order, Ship { parcel: format!("parcel of {}", event.data.receipt) }).await?;
        remind.later(Duration::from_millis(200), order, Remind).key(order).await?;
        Ok(())
    }
}

#[derive(Parser)]
#[command(about = "Orders on their way, in one process or several")]
struct Arguments {
    /// `memory`, `sqlite:FILE`, `postgres://…` or `nats://…`.
    #[arg(long, default_value = "memory")]
    store: String,
    /// Only reacts to what other processes do, until every order is shipped.
    #[arg(long)]
    worker: bool,
    /// How many carts are checked out.
    #[arg(long, default_value_t = 20)]
    carts: u32,
    /// Decides what the payment service does.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let Arguments { store, worker, carts, seed } = Arguments::parse();
    let carts: Vec<String> = (1..=carts).map(|cart| cart.to_string()).collect();
    let called = Arc::new(AtomicBool::new(false));
    let gateway = Gateway { seed, called: Arc::clone(&called) };
    let app = App::new(actum::connect(&store).await?).with::<Cart>().with::<Order>();
    let app = app.react(Payment { gateway }).react(Shipping).start().await?;
    if worker {
        on_the_way(&app, &carts).await?;
        called.store(true, Relaxed);
    } else {
        for cart in &carts {
            let key = format!("check out {cart}");
            app.act::<Cart>(cart, CheckOut { cents: 12_050 }).actor("alice").key(key).await?;
        }
        let parked = on_the_way(&app, &carts).await?;
        called.store(true, Relaxed);
        try_again(&app, &carts).await?;
        println!("# turned down at first, and parked: {}", parked.join(", "));
    }
    until_reminded(&app, &carts).await?;
    if !worker {
        print(&app, &carts).await?;
    }
    app.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}

/// Waits until every order is shipped or its payment is parked; the carts of the parked ones.
async fn on_the_way(app: &App, carts: &[String]) -> Result<Vec<String>, AnyError> {
    loop {
        let parked = parked(app).await?;
        let mut waiting = 0;
        for cart in carts {
            let is_shipped = !app.load::<Order>(cart).await?.parcels.is_empty();
            waiting += u32::from(!is_shipped && !parked.contains(cart));
        }
        if waiting == 0 {
            return Ok(parked);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The carts whose payment is parked.
async fn parked(app: &App) -> Result<Vec<String>, AnyError> {
    let parked = app.parked::<Payment>().await?;
    Ok(parked.iter().map(|one| one.stream.id().to_owned()).collect())
}

/// Has parked payments tried again, until all orders are shipped: a worker that does not know yet
/// that the owners have called may turn them down once more.
async fn try_again(app: &App, carts: &[String]) -> Result<(), AnyError> {
    loop {
        for cart in on_the_way(app, carts).await? {
            match app.parked::<Payment>().unpark(&StreamId::of::<Cart>(cart)?).await {
                // By now it is on its way.
                Ok(()) | Err(actum::Error::Unknown { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if parked(app).await?.is_empty() && on_the_way(app, carts).await?.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until every order is reminded of.
async fn until_reminded(app: &App, carts: &[String]) -> Result<(), AnyError> {
    for cart in carts {
        while app.load::<Order>(cart).await?.reminders == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Prints all that followed from the checkout of one cart, by its correlation, and how many parcels
/// there are.
async fn print(app: &App, carts: &[String]) -> Result<(), AnyError> {
    let cart = carts.first().ok_or("there are no carts")?;
    let history = app.read(Query::stream(StreamId::of::<Cart>(cart)?)).all().await?;
    let first = history.first().ok_or("the cart has no event")?;
    let correlation = first.meta.correlation().unwrap_or_default();
    println!("# what followed from the checkout of cart {cart}");
    for event in app.read(Query::all().correlation(correlation)).all().await? {
        let cause = event.meta.causation().unwrap_or_default();
        let line = format!("{} {} by {cause}", event.stream, event.name);
        println!("{:>4}  {line:35} {}", event.id.to_string(), event.data);
    }
    let mut parcels = 0;
    for cart in carts {
        parcels += app.load::<Order>(cart).await?.parcels.len();
    }
    println!("# {parcels} parcels for {} orders", carts.len());
    Ok(())
}
