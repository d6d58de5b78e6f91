use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded")]
struct ItemAddedV1 {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 2, from = ItemAddedV1)]
struct ItemAdded {
    sku: String,
}

fn main() {}
