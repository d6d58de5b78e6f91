use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(version = "2")]
struct ItemAdded {
    sku: String,
}

fn main() {}
