use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
struct Cart {
    skus: Vec<String>,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.skus.push(event.sku);
    }
}

#[invariant]
impl Cart {
    fn is_small(&self) -> bool {
        self.skus.len() < 10
    }
}

fn main() {}
