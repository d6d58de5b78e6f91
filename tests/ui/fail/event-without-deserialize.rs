use actum::prelude::*;
use serde::Serialize;

#[derive(Event, Serialize)]
struct ItemAdded {
    sku: String,
}

fn main() {}
