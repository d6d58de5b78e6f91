//! What the macros write, written by hand: the traits alone carry an aggregate.

use actum::__private as p;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ItemAdded {
    pub sku: String,
    pub qty: u32,
}

#[automatically_derived]
impl p::Event for ItemAdded {
    const NAME: &'static str = "ItemAdded";
    const VERSION: u32 = 1;
    const DOCS: &'static str = "";
    fn decode(version: u32, data: &[u8]) -> Result<Self, p::DecodeError> {
        match version {
            1 => p::decode::<Self>(data),
            other => Err(p::unknown_version::<Self>(other, 1)),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
}

const _: () = {
    impl p::Events for CartEvent {
        const KINDS: &'static [p::Kind] = &[p::Kind::of::<ItemAdded>()];
        fn kind(&self) -> &'static p::Kind {
            match self {
                Self::ItemAdded(_) => const { &p::Kind::of::<ItemAdded>() },
            }
        }
        fn encode(&self, out: &mut Vec<u8>) -> Result<(), p::serde_json::Error> {
            match self {
                Self::ItemAdded(event) => p::serde_json::to_writer(out, event),
            }
        }
        fn decode(name: &str, version: u32, data: &[u8]) -> Result<Self, p::DecodeError> {
            match name {
                <ItemAdded as p::Event>::NAME => {
                    <ItemAdded as p::Event>::decode(version, data).map(Self::ItemAdded)
                }
                other => Err(p::unknown_name::<Self>(other)),
            }
        }
        fn payloads<V: p::VisitPayload>(visit: &mut V) {
            visit.payload::<ItemAdded>();
        }
    }
    const _: () = assert!(
        p::names_are_unique(<CartEvent as p::Events>::KINDS),
        "two events of `CartEvent` are stored under one name"
    );
    impl From<ItemAdded> for CartEvent {
        fn from(event: ItemAdded) -> Self {
            Self::ItemAdded(event)
        }
    }
    impl<A> p::EventOf<CartEvent, A> for ItemAdded {}
    impl<A> p::Emits<CartEvent, A> for ItemAdded {
        fn emit(self, out: &mut Vec<CartEvent>) {
            out.push(CartEvent::ItemAdded(self));
        }
        fn kinds(out: &mut Vec<&'static p::Kind>) {
            out.push(const { &p::Kind::of::<ItemAdded>() });
        }
    }
    impl<A> p::Emits<CartEvent, A> for CartEvent {
        fn emit(self, out: &mut Vec<CartEvent>) {
            out.push(self);
        }
        fn kinds(out: &mut Vec<&'static p::Kind>) {
            out.extend(<CartEvent as p::Events>::KINDS);
        }
    }
    impl p::Payload for CartEvent {
        fn serialize<S: p::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::ItemAdded(event) => p::serde::Serialize::serialize(event, serializer),
            }
        }
    }
    impl<A> p::Apply<A> for CartEvent
    where
        A: p::Aggregate<Events = CartEvent> + p::Patch<ItemAdded>,
    {
        fn apply(self, state: &mut A) {
            match self {
                Self::ItemAdded(event) => <A as p::Patch<ItemAdded>>::patch(state, event),
            }
        }
    }
};

#[derive(Default, Clone, Debug, Serialize, Deserialize)]
pub struct Cart {
    pub items: Vec<String>,
}

impl p::Aggregate for Cart {
    type Events = CartEvent;
    const NAME: &'static str = "Cart";
    const DOCS: &'static str = "";
    const SNAPSHOT_EVERY: Option<u64> = None;
}

impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.items.push(event.sku);
    }
}

impl p::Patch<ItemAdded> for Cart {
    fn patch(&mut self, event: ItemAdded) {
        Cart::item_added(self, event);
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

impl Cart {
    fn open(&self) -> Result<(), Closed> {
        if self.items.len() > 1 { Err(Closed) } else { Ok(()) }
    }
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<Option<ItemAdded>, Closed> {
        let _ = self;
        Ok(Some(ItemAdded { sku, qty: 1 }))
    }
}

impl p::Action<AddItem> for Cart {
    type Emits = <Result<Option<ItemAdded>, Closed> as p::Returns>::Emits;
    type Error = <Result<Option<ItemAdded>, Closed> as p::Returns>::Error;
    const SPEC: p::Spec = p::Spec::new("AddItem", "add_item", "Adds.", &["open"]);
    fn act(&self, input: AddItem) -> Result<Option<ItemAdded>, Closed> {
        Cart::open(self)?;
        Cart::add_item(self, input)
    }
}

impl p::Actions for Cart {
    const ACTIONS: &'static [p::ActionEntry<Self>] = &[p::ActionEntry::of::<AddItem>()];
    const GIVEN: &'static [p::Given<Self>] = &[p::Given {
        name: "open",
        docs: "",
        check: |state| Cart::open(state).map_err(|error| error.to_string()),
    }];
}

#[derive(Default, Serialize, Deserialize)]
pub struct Skus(Vec<String>);

impl Skus {
    fn item_added(&mut self, event: &actum::Committed<ItemAdded>) {
        self.0.push(event.data.sku.clone());
    }
}

impl p::Handles<ItemAdded> for Skus {
    fn handle(&mut self, event: &p::Committed<ItemAdded>) -> p::Fate {
        Skus::item_added(self, event);
        p::fate(())
    }
}

impl p::Projection for Skus {
    const NAME: &'static str = "Skus";
    const VERSION: u32 = 1;
    const DOCS: &'static str = "";
    const HANDLERS: &'static [p::Handler<Self>] = &[p::Handler::of::<ItemAdded>("item_added", "")];
}

impl p::OneDocument for Skus {}

#[test]
fn an_aggregate_written_by_hand_decides_and_folds() {
    let [entry] = <Cart as actum::Actions>::ACTIONS else { panic!("one action") };
    let input = actum::Json::from_text(r#"{"sku":"A"}"#).expect("json");
    let mut cart = Cart::default();
    for event in (entry.act)(&cart, &input).expect("open") {
        p::Apply::apply(event, &mut cart);
    }
    assert_eq!(cart.items, ["A"]);
    assert_eq!(entry.spec.given, ["open"]);
}
