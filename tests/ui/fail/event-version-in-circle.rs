use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(version = 2, from = ItemAdded)]
struct ItemAdded {
    sku: String,
}

fn main() {}
