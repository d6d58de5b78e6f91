use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemPut {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 2, from = ItemPut)]
struct ItemAdded {
    sku: String,
}

impl From<ItemPut> for ItemAdded {
    fn from(old: ItemPut) -> Self {
        Self { sku: old.sku }
    }
}

fn main() {}
