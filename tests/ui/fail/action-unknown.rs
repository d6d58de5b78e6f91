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

#[derive(Serialize, Deserialize)]
struct Clear;

#[derive(Serialize, Deserialize)]
struct Pay;

#[action]
impl Cart {
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<ItemAdded, Closed> {
        Ok(ItemAdded { sku })
    }

    fn clear(&self, _: Clear) -> Result<(), Closed> {
        Ok(())
    }
}

async fn pay(app: &App) {
    let _ = app.act::<Cart>("123", Pay).await;
}

fn main() {}
