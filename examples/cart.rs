//! A shopping cart whose every change is an immutable event in a SQLite file.
//!
//! `cargo run --example cart [FILE or URL]`: the file is `cart.db` unless named, and a URL such as
//! `postgres://me@db.example/shop` names another store. Run it again: what is there stays, and
//! nothing is stored twice.
//!
//! What may be asked and what happens then; a test keeps the drawing up to date:
#![doc = "```mermaid"]
#![doc = include_str!("cart.mmd")]
#![doc = "```"]

use actum::prelude::*;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

// The domain: plain structs and functions.

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
}

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ItemRemoved {
    pub sku: String,
}

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct CheckedOut {
    pub total: Decimal,
    pub timestamp: Timestamp,
}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    ItemRemoved(ItemRemoved),
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
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

#[derive(Serialize, Deserialize)]
pub struct AddItem(pub ItemAdded);
#[derive(Serialize, Deserialize)]
pub struct RemoveItem(pub ItemRemoved);
#[derive(Serialize, Deserialize)]
pub struct CheckOut(pub CheckedOut);

#[action(given(open))]
impl Cart {
    fn add_item(&self, AddItem(event): AddItem) -> Result<ItemAdded, Unmet> {
        Ok(event)
    }
    fn remove_item(&self, RemoveItem(event): RemoveItem) -> Result<Option<ItemRemoved>, Unmet> {
        Ok(self.items.iter().any(|item| item.sku == event.sku).then_some(event))
    }
    fn check_out(&self, CheckOut(event): CheckOut) -> Result<CheckedOut, Unmet> {
        Ok(event)
    }
    /// The cart is not checked out.
    fn open(&self) -> bool {
        !self.checked_out
    }
}

// The app: the same cart in a store.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let named = std::env::args().nth(1).unwrap_or_else(|| "cart.db".to_owned());
    let url = if named.contains(':') { named.clone() } else { format!("sqlite:{named}") };
    let app = App::new(actum::connect(&url).await?).with::<Cart>().start().await?;
    // A URL may have a password in front of the host.
    let place = named.rsplit('@').next().unwrap_or_default();

    if app.load::<Cart>("123").await?.version() == Version(0) {
        println!("# a new cart in {place}");
        let add = |sku: &str, qty| AddItem(ItemAdded { sku: sku.to_owned(), qty });
        app.act::<Cart>("123", add("A123", 2)).await?;
        app.act::<Cart>("123", add("B456", 1)).await?;
        app.act::<Cart>("123", RemoveItem(ItemRemoved { sku: "B456".to_owned() })).await?;
        let total = Decimal::new(1205, 1);
        let timestamp = "2024-06-01T14:23:00Z".parse()?;
        app.act::<Cart>("123", CheckOut(CheckedOut { total, timestamp })).await?;
    } else {
        println!("# the cart that is in {place} already");
    }

    println!("# its events");
    let mut history = app.history::<Cart>("123")?;
    while let Some(event) = history.next().await {
        println!("{}", serde_json::to_string(&event?)?);
    }

    println!("# its state at each version");
    let latest = app.load::<Cart>("123").await?;
    for version in 0..=latest.version().0 {
        let cart = app.load::<Cart>("123").as_of(Version(version)).await?;
        println!("{version} {}", serde_json::to_string(cart.state())?);
    }

    println!("# an action that is rejected");
    let late = AddItem(ItemAdded { sku: "C789".to_owned(), qty: 1 });
    match app.act::<Cart>("123", late).await {
        Err(ActError::Rejected(error)) => println!("AddItem: {error}"),
        Err(error) => return Err(error.into()),
        Ok(done) => return Err(format!("AddItem was not rejected: {done:?}").into()),
    }
    Ok(())
}
