use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event = "Added"]
struct ItemAdded {
    sku: String,
}

fn main() {}
