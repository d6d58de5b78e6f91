//! The test kit: it passes and fails as it should, at the line of the test.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use actum::{
    prelude::*,
    testing::{CountedIds, FakeClock, event, given, given_events, given_nothing, input, on},
};
use serde::{Deserialize, Serialize};

#[path = "kit/reactions.rs"]
mod reactions;
#[path = "kit/sequences.rs"]
mod sequences;
#[path = "kit/unsound.rs"]
mod unsound;

#[derive(Event, Serialize, Deserialize, Clone)]
struct ItemAdded {
    sku: String,
    qty: u32,
}

#[derive(Event, Serialize, Deserialize)]
struct Closed;

/// Loses what it holds on its way through serde.
#[derive(Event, Serialize, Deserialize)]
struct Noted {
    #[serde(skip_deserializing)]
    text: String,
}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
    Closed(Closed),
    Noted(Noted),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
struct Cart {
    items: u32,
    closed: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.items += event.qty;
    }
    fn closed(&mut self, _: Closed) {
        self.closed = true;
    }
    fn noted(&mut self, _: Noted) {}
}

#[derive(Serialize, Deserialize)]
struct AddItem {
    sku: String,
    qty: u32,
}

#[derive(Serialize, Deserialize)]
struct Close {
    twice: bool,
}

#[derive(Serialize, Deserialize)]
struct Note {
    text: String,
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum CartError {
    #[error("the cart is closed")]
    Closed,
    #[error("nothing to add")]
    Nothing,
}

#[action]
impl Cart {
    fn add_item(&self, AddItem { sku, qty }: AddItem) -> Result<ItemAdded, CartError> {
        match (self.closed, qty) {
            (true, _) => Err(CartError::Closed),
            (_, 0) => Err(CartError::Nothing),
            _ => Ok(ItemAdded { sku, qty }),
        }
    }
    fn close(&self, Close { twice }: Close) -> Result<Option<Closed>, CartError> {
        Ok((twice || !self.closed).then_some(Closed))
    }
    fn note(&self, Note { text }: Note) -> Result<Noted, CartError> {
        Ok(Noted { text })
    }
}

#[invariant]
impl Cart {
    fn is_small(&self) -> Result<(), String> {
        if self.items > 9000 { Err(format!("{} items", self.items)) } else { Ok(()) }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct ItemsByCart(BTreeMap<String, u32>);

#[projection]
impl ItemsByCart {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        *self.0.entry(event.stream.id().to_owned()).or_default() += event.data.qty;
    }
}

fn added(sku: &str, qty: u32) -> ItemAdded {
    ItemAdded { sku: sku.to_owned(), qty }
}

fn add(sku: &str, qty: u32) -> AddItem {
    AddItem { sku: sku.to_owned(), qty }
}

#[test]
fn what_holds_passes() {
    given::<Cart>([added("A", 1), added("B", 2)])
        .when(add("C", 3))
        .then([added("C", 3)])
        .then_state(|cart| assert_eq!(cart.items, 6))
        .then_state_json(r#"{"items":6,"closed":false}"#);
    given_nothing::<Cart>().when(add("A", 1)).then(CartEvent::ItemAdded(added("A", 1)));
    given::<Cart>((added("A", 1), Closed)).when(Close { twice: false }).then_nothing();
    given::<Cart>(Closed)
        .when(input::<AddItem>(r#"{"sku":"A","qty":1}"#))
        .then_rejected_with(|error| assert_eq!(*error, CartError::Closed));
    given::<Cart>(Closed).when(add("A", 1)).then_rejected(CartError::Closed);
    given::<Cart>(Closed).when(add("A", 1)).then_rejected_saying("the cart is closed");
}

#[test]
fn a_view_is_folded_from_the_events_it_takes() {
    let events = || {
        [
            on("Cart-1").at("2024-06-01T14:23:00Z").happened(added("A", 1)),
            on("Cart-2").happened(added("A", 2)),
            on("Cart-1").happened(Closed),
        ]
    };
    given_events::<ItemsByCart>(events()).then_json(r#"{"1":1,"2":2}"#);
    given_events::<ItemsByCart>(events()).then(|view| assert_eq!(view.0["2"], 2));
    let text = failure(line!() + 1, || {
        given_events::<ItemsByCart>(events()).then_json(r#"{"1":1}"#);
    });
    assert!(text.contains("+   \"2\": 2"), "{text}");
}

#[test]
fn a_view_takes_events_of_the_aggregates_it_knows() {
    let events =
        || [on("Cart-1").happened(added("A", 1)), on("Wishlist-1").happened(added("A", 20))];
    given_events::<ItemsByCart>(events()).with::<Cart>().then_json(r#"{"1":1}"#);
    given_events::<ItemsByCart>(events()).then_json(r#"{"1":21}"#);
}

#[test]
fn an_accepted_action_is_looked_at_by_its_state() {
    given_nothing::<Cart>().when(add("A", 1)).then_state(|cart| assert_eq!(cart.items, 1));
    given_nothing::<Cart>().when(add("A", 1)).then_accepted().then_sound();
    given::<Cart>(added("A", 9000)).then_sound();
    let text = failure(line!() + 1, || {
        given::<Cart>(Closed).when(add("A", 1)).then_state(|_| ());
    });
    assert_eq!(text, "Cart, AddItem: rejected with `the cart is closed`, expected events");
    let text = failure(line!() + 1, || {
        given::<Cart>(added("A", 9000)).when(add("A", 1)).then_sound();
    });
    assert_eq!(text, "Cart: the invariant `is_small` does not hold: 9001 items");
}

#[test]
fn other_events_fail_with_their_difference() {
    let text = failure(line!() + 1, || {
        given_nothing::<Cart>().when(add("A", 1)).then(added("A", 2));
    });
    assert_eq!(
        text,
        "Cart, AddItem: other events than expected (- expected, + emitted)\n  ItemAdded {\n\
         -   \"qty\": 2,\n+   \"qty\": 1,\n    \"sku\": \"A\"\n  }\n"
    );
}

#[test]
fn events_too_many_and_too_few_fail() {
    failure(line!() + 1, || {
        given_nothing::<Cart>().when(add("A", 1)).then_nothing();
    });
    failure(line!() + 1, || {
        given_nothing::<Cart>().when(Close { twice: false }).then((Closed, Closed));
    });
    let text = failure(line!() + 1, || {
        given::<Cart>(Closed).when(add("A", 1)).then(added("A", 1));
    });
    assert!(text.contains("rejected with `the cart is closed`"), "{text}");
}

#[test]
fn another_outcome_than_the_error_fails() {
    let text = failure(line!() + 1, || {
        given_nothing::<Cart>().when(add("A", 1)).then_rejected(CartError::Closed);
    });
    assert!(text.contains("accepted, expected an error"), "{text}");
    let text = failure(line!() + 1, || {
        given_nothing::<Cart>().when(add("A", 0)).then_rejected(CartError::Closed);
    });
    assert!(text.ends_with("- Closed\n+ Nothing"), "{text}");
    let text = failure(line!() + 1, || {
        given_nothing::<Cart>().when(add("A", 0)).then_rejected_saying("full");
    });
    assert!(text.ends_with("- full\n+ nothing to add"), "{text}");
    failure(line!() + 1, || {
        given_nothing::<Cart>().when(add("A", 1)).then_rejected_with(|_| ());
    });
}

#[test]
fn another_state_fails() {
    let text = failure(line!() + 1, || {
        given::<Cart>(added("A", 1)).then_state_json(r#"{"items":2,"closed":false}"#);
    });
    assert!(text.contains("-   \"items\": 2\n+   \"items\": 1"), "{text}");
}

#[test]
fn an_event_that_does_not_survive_serde_fails() {
    let lost = || Noted { text: "x".to_owned() };
    let text = failure(line!() + 1, || {
        let _ = given::<Cart>(lost());
    });
    assert!(text.contains("event `Noted` does not survive serde"), "{text}");
    failure(line!() + 1, || {
        let _ = given_nothing::<Cart>().when(Note { text: "x".to_owned() });
    });
}

#[test]
fn json_that_fits_nothing_fails() {
    let text = failure(line!() + 1, || {
        event::<Cart>("Renamed", "{}");
    });
    assert!(text.contains("no event here is named `Renamed`"), "{text}");
    failure(line!() + 1, || {
        input::<AddItem>("{}");
    });
    failure(line!() + 1, || {
        let _ = on("nowhere");
    });
}

#[tokio::test]
async fn a_stream_prints_as_a_test_that_compiles() {
    let app = App::new(Memory::new()).with::<Cart>().start().await.unwrap();
    app.act::<Cart>("a-1", add("\"#quoted\"##\n\0", 2)).await.unwrap();
    app.act::<Cart>("a-1", Close { twice: false }).await.unwrap();
    app.act::<Cart>("c", add("A", 1)).await.unwrap();
    app.act::<Cart>("c", add("B", 2)).await.unwrap();
    let printed = async |id| app.history::<Cart>(id).unwrap().to_test().await.unwrap();
    assert_eq!(printed("a-1").await, include_str!("kit/printed.rs"));
    assert_eq!(printed("b").await, include_str!("kit/printed_empty.rs"));
    assert_eq!(printed("c").await, include_str!("kit/printed_when.rs"));
}

mod printed {
    use super::{AddItem, Cart};

    include!("kit/printed.rs");
    include!("kit/printed_empty.rs");
    include!("kit/printed_when.rs");
}

#[tokio::test]
async fn an_app_runs_on_the_fake_clock_and_counted_ids() {
    let clock = FakeClock::at("2024-06-01T14:23:00Z".parse().unwrap());
    let builder = App::new(Memory::new()).clock(clock.clone()).ids(CountedIds::default());
    let app = builder.with::<Cart>().start().await.unwrap();
    app.act::<Cart>("1", add("A", 1)).await.unwrap();
    clock.advance(std::time::Duration::from_mins(1));
    app.act::<Cart>("1", add("A", 1)).await.unwrap();
    let events = app.history::<Cart>("1").unwrap().all().await.unwrap();
    let told =
        events.iter().map(|e| (e.created.to_string(), e.meta.correlation())).collect::<Vec<_>>();
    assert_eq!(told[0], ("2024-06-01T14:23:00Z".to_owned(), Some("id-1")));
    assert_eq!(told[1], ("2024-06-01T14:24:00Z".to_owned(), Some("id-2")));
}

thread_local! {
    static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// The text of the failure, which must point at this line of this file.
#[track_caller]
fn failure(line: u32, test: impl FnOnce()) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| (at.file().to_owned(), at.line()));
            PLACE.with_borrow_mut(|last| *last = place);
            default(info);
        }));
    });
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("the kit must fail here");
    let (file, at) = PLACE.take().expect("the hook saw the panic");
    assert!(file.starts_with("tests/") && at == line, "failed at {file}:{at}, not {line}");
    panic.downcast_ref::<String>().expect("a text").clone()
}
