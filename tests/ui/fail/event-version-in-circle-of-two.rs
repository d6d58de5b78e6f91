use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded", version = 2, from = ItemAdded)]
struct ItemAddedV2 {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 3, from = ItemAddedV2)]
struct ItemAdded {
    sku: String,
}

impl From<ItemAdded> for ItemAddedV2 {
    fn from(old: ItemAdded) -> Self {
        Self { sku: old.sku }
    }
}

impl From<ItemAddedV2> for ItemAdded {
    fn from(old: ItemAddedV2) -> Self {
        Self { sku: old.sku }
    }
}

fn main() {}
