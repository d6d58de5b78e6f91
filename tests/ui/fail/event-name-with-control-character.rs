use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "Item\nAdded")]
struct ItemAdded {
    sku: String,
}

fn main() {}
