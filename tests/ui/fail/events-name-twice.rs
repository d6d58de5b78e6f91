use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "ItemAdded")]
struct CheckedOut;

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

fn main() {}
