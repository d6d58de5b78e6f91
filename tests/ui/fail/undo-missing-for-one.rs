use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
struct ItemRemoved {
    sku: String,
}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
    ItemRemoved(ItemRemoved),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent, undo = [ItemAdded, ItemRemoved])]
struct Cart {
    skus: Vec<String>,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.skus.push(event.sku);
    }

    fn item_removed(&mut self, event: ItemRemoved) {
        self.skus.retain(|sku| *sku != event.sku);
    }
}

#[undo]
impl Cart {
    fn undo_item_added(_: &Cart, event: &ItemAdded) -> ItemRemoved {
        ItemRemoved { sku: event.sku.clone() }
    }
}

fn main() {}
