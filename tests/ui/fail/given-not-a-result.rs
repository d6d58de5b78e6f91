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

#[derive(Debug, thiserror::Error)]
#[error("the cart has been checked out")]
struct Closed;

#[derive(Serialize, Deserialize)]
struct AddItem {
    sku: String,
}

#[action]
impl Cart {
    #[given(open)]
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<ItemAdded, Closed> {
        Ok(ItemAdded { sku })
    }

    fn open(&self) -> Option<()> {
        Some(())
    }
}

fn main() {}
