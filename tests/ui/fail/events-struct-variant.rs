use actum::prelude::*;

#[derive(Events)]
enum CartEvent {
    ItemAdded { sku: String },
}

fn main() {}
