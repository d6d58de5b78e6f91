use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded")]
struct ItemAddedV1 {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 3, from = ItemAddedV1)]
struct ItemAdded {
    sku: String,
}

impl From<ItemAddedV1> for ItemAdded {
    fn from(old: ItemAddedV1) -> Self {
        Self { sku: old.sku }
    }
}

fn main() {}
