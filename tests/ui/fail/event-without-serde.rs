use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

#[derive(Event)]
struct ItemAdded {
    sku: String,
}

fn main() {}
