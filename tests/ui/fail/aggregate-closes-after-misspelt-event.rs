use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {}

#[derive(Event, Serialize, Deserialize)]
struct Shipped {}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent, closes_after = ChekedOut)]
struct Cart {
    skus: Vec<String>,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.skus.push(event.sku);
    }
    fn checked_out(&mut self, _: CheckedOut) {}
}

fn main() {}
