use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "$closed")]
struct ItemAdded {
    sku: String,
}

fn main() {}
