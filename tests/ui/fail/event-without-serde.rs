use actum::prelude::*;

#[derive(Event)]
struct ItemAdded {
    sku: String,
}

fn main() {}
