use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded")]
struct ItemAddedV1 {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded", version = 2, from = ItemAddedV1)]
struct ItemAddedV2 {
    sku: String,
    qty: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 2, from = ItemAddedV2)]
struct ItemAdded {
    sku: String,
    grams: u32,
}

impl From<ItemAddedV1> for ItemAddedV2 {
    fn from(old: ItemAddedV1) -> Self {
        Self { sku: old.sku, qty: 1 }
    }
}

impl From<ItemAddedV2> for ItemAdded {
    fn from(old: ItemAddedV2) -> Self {
        Self { sku: old.sku, grams: old.qty * 100 }
    }
}

fn main() {}
