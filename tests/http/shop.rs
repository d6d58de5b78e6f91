//! The domain of the cases: a cart, with some actions that misbehave.

use actum::{axum::Router, http, prelude::*, store::Store};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Event, Serialize, Deserialize, Clone)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub struct CheckedOut {}

#[derive(Event, Serialize, Deserialize)]
pub struct Noted {
    pub note: Value,
}

#[derive(Events)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
    Noted(Noted),
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
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
    fn noted(&mut self, _: Noted) {}
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct AddItem {
    pub sku: String,
    pub qty: u32,
    #[serde(default)]
    pub gift: Option<Gift>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Gift {
    pub greeting: String,
}

#[derive(Serialize, Deserialize)]
pub struct CheckOut {}

/// Stores whatever it is given.
#[derive(Serialize, Deserialize)]
pub struct Note(pub Value);

#[derive(Serialize, Deserialize)]
pub struct Panic;

#[action(given(open))]
impl Cart {
    /// Puts `qty` of `sku` into the cart.
    ///
    /// Nothing of it is nothing.
    fn add_item(&self, AddItem { sku, qty, .. }: AddItem) -> Result<Option<ItemAdded>, Unmet> {
        Ok((qty > 0).then_some(ItemAdded { sku, qty }))
    }
    fn check_out(&self, CheckOut {}: CheckOut) -> Result<(Noted, CheckedOut), Unmet> {
        Ok((Noted { note: "bye".into() }, CheckedOut {}))
    }
    fn note(&self, Note(note): Note) -> Result<Noted, Unmet> {
        Ok(Noted { note })
    }
    fn panic(&self, _: Panic) -> Result<ItemAdded, Unmet> {
        panic!("as it was asked")
    }
    /// The cart is not checked out.
    fn open(&self) -> bool {
        !self.checked_out
    }
}

/// A name that must be encoded wherever it is in a path.
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent, name = "Wägen/1 {x}")]
pub struct Odd(Cart);

#[patch]
impl Odd {
    fn item_added(&mut self, event: ItemAdded) {
        self.0.items.push(event);
    }
    fn checked_out(&mut self, _: CheckedOut) {}
    fn noted(&mut self, _: Noted) {}
}

#[derive(Serialize, Deserialize)]
#[allow(non_camel_case_types, reason = "an action may be called as the path of the history is")]
pub struct history {}

#[action]
impl Odd {
    fn history(&self, _: history) -> Result<ItemAdded, std::convert::Infallible> {
        Ok(ItemAdded { sku: "odd".to_owned(), qty: 1 })
    }
}

#[derive(Default, Serialize, Deserialize)]
pub struct Sold {
    pub qty: u32,
}

/// How much was put into carts.
#[projection]
impl Sold {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.qty += event.data.qty;
    }
}

#[derive(Default, Serialize, Deserialize)]
pub struct SoldOf {
    pub qty: u32,
}

#[projection(key = |event: &Committed<ItemAdded>| &event.data.sku)]
impl SoldOf {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.qty += event.data.qty;
    }
}

pub async fn start(store: impl Store) -> App {
    let app = App::new(store).with::<Cart>().with::<Odd>().project::<Sold>().project::<SoldOf>();
    app.start().await.expect("an app")
}

/// The app and its routes.
pub async fn open(store: impl Store) -> (App, Router) {
    let app = start(store).await;
    let router = http::router(app.clone());
    (app, router)
}

/// An input for `AddItem`.
pub fn item(sku: &str, qty: u32) -> String {
    serde_json::json!({ "sku": sku, "qty": qty }).to_string()
}
