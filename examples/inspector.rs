//! The inspector over a small shop that goes on selling, in memory.
//!
//! `cargo run --example inspector` and open what it prints. `--store` takes `sqlite:FILE` and
//! `postgres://…` as well; with `--bare` it only shows what another program has stored there,
//! without that program's types. `--fill 1000000` first puts so many events into an empty store, of
//! which a tenth make one long stream, `Cart-long`.

use std::time::Duration;

use actum::{
    Json,
    inspector::Inspector,
    prelude::*,
    store::{Batch, NewEvent, Store},
};
use axum::{Router, serve::ListenerExt};
use clap::Parser;
use serde::{Deserialize, Serialize};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

// The domain: a cart, the order that comes of it, what is sold.

#[derive(Event, Serialize, Deserialize, Clone)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
    pub cents: u64,
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
#[aggregate(events = CartEvent, snapshot_every = 100)]
pub struct Cart {
    pub items: Vec<ItemAdded>,
    pub cents: u64,
    pub checked_out: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.cents += event.cents * u64::from(event.qty);
        self.items.push(event);
    }
    fn item_removed(&mut self, ItemRemoved { sku }: ItemRemoved) {
        self.items.retain(|item| item.sku != sku);
        self.cents = self.items.iter().map(|item| item.cents * u64::from(item.qty)).sum();
    }
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
}

#[derive(Serialize, Deserialize)]
pub struct AddItem {
    pub sku: String,
    pub qty: u32,
    pub cents: u64,
}
#[derive(Serialize, Deserialize)]
pub struct RemoveItem {
    pub sku: String,
}
#[derive(Serialize, Deserialize)]
pub struct CheckOut {}

#[action(given(open))]
impl Cart {
    /// Puts some of one kind into the cart.
    fn add_item(&self, AddItem { sku, qty, cents }: AddItem) -> Result<ItemAdded, Unmet> {
        Ok(ItemAdded { sku, qty, cents })
    }
    /// Takes a kind out again, if it is there.
    fn remove_item(&self, RemoveItem { sku }: RemoveItem) -> Result<Option<ItemRemoved>, Unmet> {
        Ok(self.items.iter().any(|item| item.sku == sku).then_some(ItemRemoved { sku }))
    }
    /// Buys what is in the cart.
    #[given(filled)]
    fn check_out(&self, _: CheckOut) -> Result<CheckedOut, Unmet> {
        Ok(CheckedOut { cents: self.cents })
    }
    /// The cart is not checked out.
    fn open(&self) -> bool {
        !self.checked_out
    }
    /// Something is in the cart.
    fn filled(&self) -> bool {
        !self.items.is_empty()
    }
}

#[derive(Event, Serialize, Deserialize)]
pub struct Paid {
    pub cents: u64,
}
#[derive(Event, Serialize, Deserialize)]
pub struct Shipped {
    pub parcel: String,
}
#[derive(Event, Serialize, Deserialize)]
pub struct Reminded {}

#[derive(Events)]
pub enum OrderEvent {
    Paid(Paid),
    Shipped(Shipped),
    Reminded(Reminded),
}

/// A cart that was bought, on its way.
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
pub struct Order {
    pub paid: u64,
    pub parcel: Option<String>,
    pub reminders: u32,
}

#[patch]
impl Order {
    fn paid(&mut self, event: Paid) {
        self.paid += event.cents;
    }
    fn shipped(&mut self, event: Shipped) {
        self.parcel = Some(event.parcel);
    }
    fn reminded(&mut self, _: Reminded) {
        self.reminders += 1;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Pay {
    pub cents: u64,
}
#[derive(Serialize, Deserialize)]
pub struct Ship {
    pub parcel: String,
}
#[derive(Serialize, Deserialize)]
pub struct Remind {}

#[action]
impl Order {
    fn pay(&self, Pay { cents }: Pay) -> Result<Paid, Unmet> {
        Ok(Paid { cents })
    }
    #[given(settled)]
    fn ship(&self, Ship { parcel }: Ship) -> Result<Shipped, Unmet> {
        Ok(Shipped { parcel })
    }
    fn remind(&self, _: Remind) -> Result<Reminded, Unmet> {
        Ok(Reminded {})
    }
    /// The order is paid.
    fn settled(&self) -> bool {
        self.paid > 0
    }
}

/// What was sold, in total.
#[derive(Default, Serialize, Deserialize)]
pub struct Sales {
    pub carts: u64,
    pub cents: u64,
}

/// Counts the carts that were bought.
#[projection]
impl Sales {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.carts += 1;
        self.cents += event.data.cents;
    }
}

/// How often a kind was put into carts.
#[derive(Default, Serialize, Deserialize)]
pub struct Demand {
    pub qty: u64,
}

/// Counts the demand for each kind.
#[projection(key = |event| event.data.sku.clone())]
impl Demand {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.qty += u64::from(event.data.qty);
    }
}

pub struct Payment;

/// Charges what was checked out; large sums need a person.
#[reaction(attempts = 2, backoff = "20ms")]
impl Payment {
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        pay: Ask<'_, Order, Pay>,
    ) -> Result<(), Fault> {
        let cents = event.data.cents;
        if cents > 100_000 {
            return Err(Fault::park(format!("the bank wants to know more about {cents} cents")));
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
        pay.act(event.stream.id(), Pay { cents }).await?;
        Ok(())
    }
}

pub struct Shipping;

/// Ships what is paid, and reminds of it later.
#[reaction]
impl Shipping {
    async fn paid(
        &self,
        event: &Committed<Paid>,
        ship: Ask<'_, Order, Ship>,
        remind: Ask<'_, Order, Remind>,
    ) -> Result<(), Fault> {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let order = event.stream.id();
        ship.act(order, Ship { parcel: format!("P-{}", event.id) }).await?;
        remind.later(Duration::from_secs(1), order, Remind {}).key(order).await?;
        Ok(())
    }
}

#[derive(Parser)]
#[command(about = "The inspector over a small shop, or over what another program has stored")]
struct Arguments {
    /// `memory`, `sqlite:FILE` or `postgres://…`.
    #[arg(long, default_value = "memory")]
    store: String,
    /// Opens no shop, and shows what is stored without its types.
    #[arg(long)]
    bare: bool,
    /// How many events an empty store is filled with.
    #[arg(long, default_value_t = 0)]
    fill: u64,
    /// Where it listens on this machine.
    #[arg(long, default_value_t = 4870)]
    port: u16,
    /// The token that lets one act from the pages of the shop; read-only unless given.
    #[arg(long)]
    token: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let Arguments { store, bare, fill: events, port, token } = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let store = actum::connect(&store).await?;
    if events > 0 && store.head().await? == Id(0) {
        fill(&*store, events).await?;
    }
    let inspector = if bare {
        Inspector::of(store)
    } else {
        let app = shop(store).await?;
        let seller = app.clone();
        tokio::spawn(async move {
            if let Err(error) = sell(&seller).await {
                eprintln!("the shop has closed: {error}");
            }
        });
        Inspector::new(app)
    };
    let inspector = match token {
        Some(token) => inspector.writable(token)?,
        None => inspector,
    };
    let router = Router::new().nest("/actum", inspector.router());
    println!("open http://{}/actum", listener.local_addr()?);
    // Small messages, as those of the live tail are, go out at once.
    let listener = listener.tap_io(|connection| {
        connection.set_nodelay(true).ok();
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn shop(store: impl Store) -> Result<App, AnyError> {
    let app = App::new(store).with::<Cart>().with::<Order>().project::<Sales>().project::<Demand>();
    Ok(app.react(Payment).react(Shipping).start().await?)
}

/// Customers come, put something into their carts, and buy it.
async fn sell(app: &App) -> Result<(), AnyError> {
    const KINDS: [(&str, u64); 5] =
        [("lamp", 4_900), ("chair", 12_900), ("table", 39_900), ("shelf", 8_450), ("rug", 15_000)];
    for cart in 1_u32.. {
        let actor = ["alice", "bob", "carol"][cart as usize % 3];
        for step in 0..=(cart % 4) {
            let (sku, cents) = KINDS[(cart * 3 + step) as usize % KINDS.len()];
            let add = AddItem { sku: sku.to_owned(), qty: 1 + step % 2, cents };
            app.act::<Cart>(cart, add).actor(actor).await?;
        }
        if cart % 4 == 2 {
            let sku = KINDS[(cart * 3) as usize % KINDS.len()].0.to_owned();
            app.act::<Cart>(cart, RemoveItem { sku }).actor(actor).await?;
        }
        app.act::<Cart>(cart, CheckOut {}).actor(actor).await?;
        // The first come in a crowd, so that there is something to see.
        let pause = if cart < 40 { 60 } else { 4_000 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    Ok(())
}

/// Puts many events into a store: things are put into carts and taken out again.
async fn fill(store: &dyn Store, events: u64) -> Result<(), AnyError> {
    const AT_ONCE: u64 = 500;
    let mut next = std::collections::HashMap::new();
    for batch in 0..events.div_ceil(AT_ONCE) {
        // Every tenth batch goes on with the same cart.
        let cart = if batch % 10 == 0 { "long".to_owned() } else { format!("b{}", batch % 1000) };
        let version: &mut u64 = next.entry(cart.clone()).or_default();
        let new = (*version..*version + AT_ONCE).map(|at| {
            let (name, data) = match at % 2 {
                0 => ("ItemAdded", format!(r#"{{"sku":"S{}","qty":1,"cents":{at}}}"#, at % 50)),
                _ => ("ItemRemoved", format!(r#"{{"sku":"S{}"}}"#, (at - 1) % 50)),
            };
            Ok(NewEvent::new(name, Json::from_text(data)?))
        });
        let new = new.collect::<Result<_, AnyError>>()?;
        *version += AT_ONCE;
        store.append(Batch::new(StreamId::new("Cart", &cart)?, Expected::Any, new)).await?;
    }
    Ok(())
}
