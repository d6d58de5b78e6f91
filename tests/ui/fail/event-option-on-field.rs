use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    #[event(name = "SKU")]
    sku: String,
}

fn main() {}
