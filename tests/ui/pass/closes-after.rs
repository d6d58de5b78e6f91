use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
}

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent, closes_after = CheckedOut)]
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

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(name = "Both", events = CartEvent, closes_after = [CheckedOut, "90d"])]
struct Both {}

#[patch]
impl Both {
    fn item_added(&mut self, _: ItemAdded) {}
    fn checked_out(&mut self, _: CheckedOut) {}
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent, closes_after = "12h")]
struct Idle {}

#[patch]
impl Idle {
    fn item_added(&mut self, _: ItemAdded) {}
    fn checked_out(&mut self, _: CheckedOut) {}
}

fn main() {
    use std::time::Duration;

    assert_eq!((Cart::CLOSES_AFTER, Cart::CLOSES_IDLE), (&["CheckedOut"][..], None));
    assert_eq!(Both::CLOSES_AFTER, ["CheckedOut"]);
    assert_eq!(Both::CLOSES_IDLE, Some(Duration::from_hours(90 * 24)));
    assert_eq!(Idle::CLOSES_AFTER, [""; 0]);
    assert_eq!(Idle::CLOSES_IDLE, Some(Duration::from_hours(12)));
}
