use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(snapshot_every = 100)]
struct ItemAdded {
    sku: String,
}

fn main() {}
