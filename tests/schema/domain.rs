//! A cart whose event has changed twice; a log with all three forms; each kind of reader.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use actum::{
    Json,
    prelude::*,
    store::{Batch, Expected, NewEvent, Store},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded")]
pub struct ItemAddedV1 {
    pub sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded", version = 2, from = ItemAddedV1)]
pub struct ItemAddedV2 {
    pub sku: String,
    pub qty: u32,
}

/// An item lies in the cart.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event(version = 3, from = ItemAddedV2)]
pub struct ItemAdded {
    pub sku: String,
    pub grams: u64,
}

impl From<ItemAddedV1> for ItemAddedV2 {
    fn from(old: ItemAddedV1) -> Self {
        Self { sku: old.sku, qty: 1 }
    }
}

impl From<ItemAddedV2> for ItemAdded {
    fn from(old: ItemAddedV2) -> Self {
        Self { sku: old.sku, grams: u64::from(old.qty) * 100 }
    }
}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
}

/// What lies in it, as every reader shows it: `sku:grams`.
#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
pub struct Cart {
    pub items: Vec<String>,
}

pub fn shown(event: &ItemAdded) -> String {
    format!("{}:{}", event.sku, event.grams)
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.items.push(shown(&event));
    }
}

#[derive(Serialize, Deserialize)]
pub struct AddItem {
    pub sku: String,
    pub grams: u64,
}

#[action]
impl Cart {
    fn add_item(&self, AddItem { sku, grams }: AddItem) -> Result<ItemAdded, Infallible> {
        Ok(ItemAdded { sku, grams })
    }
}

/// All items of all carts.
#[derive(Default, Serialize, Deserialize)]
pub struct Items {
    pub items: Vec<String>,
}

#[projection]
impl Items {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.items.push(shown(&event.data));
    }
}

/// The items of each weight: the key lies in a field that the old forms do not have.
#[derive(Default, Serialize, Deserialize)]
pub struct ByWeight {
    pub items: Vec<String>,
}

#[projection(key = |event| event.data.grams)]
impl ByWeight {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.items.push(shown(&event.data));
    }
}

#[derive(Event, Serialize, Deserialize, Clone, Debug)]
pub struct Weighed {
    pub what: String,
}

#[derive(Events, Clone, Debug)]
pub enum ScaleEvent {
    Weighed(Weighed),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = ScaleEvent)]
pub struct Scale {
    pub weighed: Vec<String>,
}

#[patch]
impl Scale {
    fn weighed(&mut self, event: Weighed) {
        self.weighed.push(event.what);
    }
}

#[derive(Serialize, Deserialize)]
pub struct Weigh {
    pub what: String,
}

#[action]
impl Scale {
    fn weigh(&self, Weigh { what }: Weigh) -> Result<Weighed, Infallible> {
        Ok(Weighed { what })
    }
}

/// Weighs each item, once it works.
pub struct Weigher {
    pub works: Arc<AtomicBool>,
}

#[reaction(attempts = 1, backoff = "1ms", longest = "1ms", lease = "2s")]
impl Weigher {
    async fn item_added(
        &self,
        event: &Committed<ItemAdded>,
        weigh: Ask<'_, Scale, Weigh>,
    ) -> Result<(), Fault> {
        if !self.works.load(SeqCst) {
            return Err(Fault::park("out of order"));
        }
        weigh.act(event.stream.id(), Weigh { what: shown(&event.data) }).await?;
        Ok(())
    }
}

pub fn stream(name: &str) -> StreamId {
    name.parse().expect("a name")
}

/// Appends a payload as a program of that time did.
pub async fn put(store: &dyn Store, to: &str, schema: u32, json: &str) -> Id {
    let mut event = NewEvent::new("ItemAdded", Json::from_text(json).expect("JSON"));
    event.schema = schema;
    store.append(Batch::new(stream(to), Expected::Any, vec![event])).await.expect("stored");
    store.head().await.expect("a head")
}

/// Two carts with an item of each time.
pub async fn fill(store: &dyn Store) -> Id {
    let mut head = Id(0);
    for cart in ["Cart-a", "Cart-b"] {
        put(store, cart, 1, r#"{"sku":"one"}"#).await;
        put(store, cart, 2, r#"{"sku":"two","qty":2}"#).await;
        head = put(store, cart, 3, r#"{"sku":"three","grams":7}"#).await;
    }
    head
}

/// What every reader must show of a cart.
pub const CART: [&str; 3] = ["one:100", "two:200", "three:7"];
