//! A small shop that has everything a diagram can show.

use actum::{Builder, prelude::*};
use serde::{Deserialize, Serialize};

/// An item lies in the cart.
#[derive(Event, Serialize, Deserialize)]
pub struct ItemAdded {
    pub sku: String,
}

#[derive(Event, Serialize, Deserialize)]
pub struct ItemRemoved {
    pub sku: String,
}

#[derive(Event, Serialize, Deserialize)]
pub struct CheckedOut {
    pub cents: u64,
}

#[derive(Events)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    ItemRemoved(ItemRemoved),
    CheckedOut(CheckedOut),
}

/// What someone is about to buy.
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
pub struct Cart;

#[patch]
impl Cart {
    fn item_added(&mut self, _: ItemAdded) {}
    fn item_removed(&mut self, _: ItemRemoved) {}
    fn checked_out(&mut self, _: CheckedOut) {}
}

#[derive(Serialize, Deserialize)]
pub struct AddItem;
#[derive(Serialize, Deserialize)]
pub struct Replace;
#[derive(Serialize, Deserialize)]
pub struct CheckOut;

#[action]
impl Cart {
    /// Puts an item into the cart.
    #[given(open)]
    fn add_item(&self, _: AddItem) -> Result<ItemAdded, Unmet> {
        Ok(ItemAdded { sku: String::new() })
    }
    #[given(open, filled)]
    fn replace(&self, _: Replace) -> Result<(ItemRemoved, ItemAdded), Unmet> {
        Ok((ItemRemoved { sku: String::new() }, ItemAdded { sku: String::new() }))
    }
    #[given(open, filled)]
    fn check_out(&self, _: CheckOut) -> Result<CheckedOut, Unmet> {
        Ok(CheckedOut { cents: 0 })
    }
    /// The cart is not checked out.
    fn open(&self) -> bool {
        true
    }
    /// Something lies in it.
    fn filled(&self) -> bool {
        true
    }
}

#[derive(Event, Serialize, Deserialize)]
pub struct Paid;
#[derive(Event, Serialize, Deserialize)]
pub struct Shipped;

#[derive(Events)]
pub enum OrderEvent {
    Paid(Paid),
    Shipped(Shipped),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
pub struct Order;

#[patch]
impl Order {
    fn paid(&mut self, _: Paid) {}
    fn shipped(&mut self, _: Shipped) {}
}

#[derive(Serialize, Deserialize)]
pub struct Pay;
#[derive(Serialize, Deserialize)]
pub struct Ship;
#[derive(Serialize, Deserialize)]
pub struct Look;

#[action]
impl Order {
    fn pay(&self, _: Pay) -> Result<Paid, Unmet> {
        Ok(Paid)
    }
    fn ship(&self, _: Ship) -> Result<Shipped, Unmet> {
        Ok(Shipped)
    }
    /// Emits nothing at all.
    fn look(&self, _: Look) -> Result<(), Unmet> {
        Ok(())
    }
}

/// An event that no aggregate here emits.
#[derive(Event, Serialize, Deserialize)]
pub struct RateChanged {
    pub cents: u64,
}

/// What was sold.
#[derive(Default, Serialize, Deserialize)]
pub struct Sales {
    pub cents: u64,
}

/// What was sold, and what was put back.
#[projection]
impl Sales {
    fn item_added(&mut self, _: &Committed<ItemAdded>) {}
    /// Adds the total.
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.cents += event.data.cents;
    }
    fn shipped(&mut self, _: &Committed<Shipped>) {}
    fn rate_changed(&mut self, _: &Committed<RateChanged>) {}
}

pub struct Payment;

#[reaction]
impl Payment {
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        pay: Ask<'_, Order, Pay>,
    ) -> Result<(), Fault> {
        pay.act(event.stream.id(), Pay).await?;
        Ok(())
    }
    async fn paid(&self, event: &Committed<Paid>, ship: Ask<'_, Order, Ship>) -> Result<(), Fault> {
        ship.act(event.stream.id(), Ship).await?;
        Ok(())
    }
}

pub fn app() -> Builder {
    App::new(Memory::new()).with::<Cart>().with::<Order>().project::<Sales>().react(Payment)
}
