use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Skus {
    all: Vec<String>,
}

#[projection(given(open))]
impl Skus {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.all.push(event.data.sku.clone());
    }
}

fn main() {}
