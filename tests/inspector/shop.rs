//! A small shop: carts, what they sold, and a bank that some texts make stubborn.

use actum::{prelude::*, store::Store};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
}
#[derive(Event, Serialize, Deserialize)]
pub struct ItemRemoved {
    pub sku: String,
}
#[derive(Event, Serialize, Deserialize)]
pub struct CheckedOut {
    pub note: String,
}
#[derive(Event, Serialize, Deserialize)]
pub struct Charged {}

#[derive(Events)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    ItemRemoved(ItemRemoved),
    CheckedOut(CheckedOut),
    Charged(Charged),
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
    fn charged(&mut self, _: Charged) {}
}

#[derive(Serialize, Deserialize)]
pub struct AddItem {
    pub sku: String,
    pub qty: u32,
}
#[derive(Serialize, Deserialize)]
pub struct RemoveItem {
    pub sku: String,
}
#[derive(Serialize, Deserialize)]
pub struct CheckOut {
    pub note: String,
}
#[derive(Serialize, Deserialize)]
pub struct Charge {}

#[action]
impl Cart {
    /// Puts some of one kind into the cart.
    #[given(open)]
    fn add_item(&self, AddItem { sku, qty }: AddItem) -> Result<ItemAdded, Unmet> {
        Ok(ItemAdded { sku, qty })
    }
    #[given(open)]
    fn remove_item(&self, RemoveItem { sku }: RemoveItem) -> Result<Option<ItemRemoved>, Unmet> {
        Ok(self.items.iter().any(|item| item.sku == sku).then_some(ItemRemoved { sku }))
    }
    #[given(open)]
    fn check_out(&self, CheckOut { note }: CheckOut) -> Result<CheckedOut, Unmet> {
        Ok(CheckedOut { note })
    }
    fn charge(&self, _: Charge) -> Result<Charged, Unmet> {
        Ok(Charged {})
    }
    /// The cart is not checked out.
    fn open(&self) -> bool {
        !self.checked_out
    }
}

/// How much of a kind was put into carts.
#[derive(Default, Serialize, Deserialize)]
pub struct Demand {
    pub qty: u64,
}

#[projection(key = |event| event.data.sku.clone())]
impl Demand {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.qty += u64::from(event.data.qty);
    }
}

pub struct Bank;

/// Charges what was checked out, unless the note says that it is stolen.
#[reaction(attempts = 1)]
impl Bank {
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        charge: Ask<'_, Cart, Charge>,
    ) -> Result<(), Fault> {
        if event.data.note.starts_with("stolen") {
            return Err(Fault::park(format!("the bank refuses: {}", event.data.note)));
        }
        charge.act(event.stream.id(), Charge {}).await?;
        Ok(())
    }
}

/// The shop on a store.
pub async fn open(store: impl Store) -> App {
    let app = App::new(store).with::<Cart>().project::<Demand>().react(Bank);
    app.start().await.expect("the shop opens")
}

/// A cart with three items, of which one was taken out again.
pub async fn fill(app: &App, cart: &str) {
    let add = |sku: &str, qty| AddItem { sku: sku.to_owned(), qty };
    app.act::<Cart>(cart, add("lamp", 2)).actor("alice").await.expect("added");
    app.act::<Cart>(cart, add("rug", 1)).actor("alice").await.expect("added");
    let remove = RemoveItem { sku: "lamp".to_owned() };
    app.act::<Cart>(cart, remove).actor("bob").await.expect("removed");
}
