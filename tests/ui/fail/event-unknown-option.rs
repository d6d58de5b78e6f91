use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(vesion = 1)]
struct ItemAdded {
    sku: String,
}

fn main() {}
