use actum::{prelude::*, testing::given};
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

#[derive(Serialize, Deserialize)]
struct AddItem {
    sku: String,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the cart is full")]
struct Full;

#[action]
impl Cart {
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<ItemAdded, Full> {
        if self.skus.len() > 10 { Err(Full) } else { Ok(ItemAdded { sku }) }
    }
}

fn added() -> ItemAdded {
    ItemAdded { sku: "A".into() }
}

fn add() -> AddItem {
    AddItem { sku: "A".into() }
}

fn main() {
    given::<Cart>(added()).when(add()).then_rejected(Full).then(added());
}
