use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "Added", name = "ItemAdded")]
struct ItemAdded {
    sku: String,
}

fn main() {}
