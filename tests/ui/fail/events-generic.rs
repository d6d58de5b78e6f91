use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Events)]
enum CartEvent<T> {
    ItemAdded(ItemAdded),
    Other(T),
}

fn main() {}
