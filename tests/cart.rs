//! The cart of the front page, by the macros.

use actum::{Actions, Aggregate, Apply, Committed, Event, Events, Json, Projection};
use actum::{action, patch, projection};
use serde::{Deserialize, Serialize};

/// An item lies in the cart.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
}

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event(name = "Bought")]
pub struct CheckedOut;

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

/// What someone is about to buy.
#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CartEvent, snapshot_every = 100)]
pub struct Cart {
    pub items: Vec<String>,
    pub checked_out: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, ItemAdded { sku, qty: _ }: ItemAdded) {
        self.items.push(sku);
    }
    fn checked_out(&mut self, _: CheckedOut) {
        self.checked_out = true;
    }
}

#[derive(Debug)]
pub struct Closed;
impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the cart is closed")
    }
}
impl std::error::Error for Closed {}

#[derive(Serialize, Deserialize)]
pub struct AddItem {
    pub sku: String,
}
#[derive(Serialize, Deserialize)]
pub struct CheckOut;

#[action]
impl Cart {
    /// Puts it in.
    #[given(open)]
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<ItemAdded, Closed> {
        Ok(ItemAdded { sku, qty: 1 })
    }
    #[given(open)]
    fn check_out(&self, _: CheckOut) -> Result<Option<CheckedOut>, Closed> {
        Ok((!self.items.is_empty()).then_some(CheckedOut))
    }
    /// Nothing has been bought yet.
    fn open(&self) -> Result<(), Closed> {
        if self.checked_out { Err(Closed) } else { Ok(()) }
    }
}

/// All that was ever added.
#[derive(Default, Serialize, Deserialize)]
pub struct Skus(Vec<String>);

/// All that was ever added.
#[projection(version = 3)]
impl Skus {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.0.push(event.data.sku.clone());
    }
}

#[test]
fn an_aggregate_written_by_the_macros_decides_and_folds() {
    let [add, check_out] = <Cart as Actions>::ACTIONS else { panic!("two actions") };
    let input = Json::from_text(r#"{"sku":"A"}"#).expect("json");
    let mut cart = Cart::default();
    for event in (add.act)(&cart, &input).expect("open") {
        event.apply(&mut cart);
    }
    let null = Json::from_text("null").expect("json");
    for event in (check_out.act)(&cart, &null).expect("open") {
        event.apply(&mut cart);
    }
    assert_eq!(cart.items, ["A"]);
    let refused = (add.act)(&cart, &input).expect_err("closed");
    assert_eq!(refused.to_string(), "the cart is closed");
}

#[test]
fn the_catalogue_knows_names_and_texts() {
    let [add, check_out] = <Cart as Actions>::ACTIONS else { panic!("two actions") };
    assert_eq!((add.spec.name, add.spec.method), ("AddItem", "add_item"));
    assert_eq!((add.spec.docs, add.spec.given), ("Puts it in.", &["open"][..]));
    assert_eq!(check_out.spec.docs, "");
    let [open] = <Cart as Actions>::GIVEN else { panic!("one precondition") };
    assert_eq!((open.name, open.docs), ("open", "Nothing has been bought yet."));
    assert_eq!((open.check)(&Cart::default()), Ok(()));
    let names: Vec<_> = CartEvent::KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names, ["ItemAdded", "Bought"]);
    assert_eq!(<ItemAdded as Event>::DOCS, "An item lies in the cart.");
    assert_eq!((Cart::NAME, Cart::SNAPSHOT_EVERY), ("Cart", Some(100)));
    assert_eq!(<Cart as Aggregate>::DOCS, "What someone is about to buy.");
    assert_eq!((Skus::NAME, Skus::VERSION), ("Skus", 3));
    assert_eq!(<Skus as Projection>::DOCS, "All that was ever added.");
    assert_eq!(Skus::HANDLERS.len(), 1);
}
