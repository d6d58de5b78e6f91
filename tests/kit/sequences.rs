//! Random sequences: what holds passes, what breaks is cut down and told.

use actum::testing::{Rng, Sequences};

use super::{AddItem, Cart, Close, Note, add, failure};

fn small(rng: &mut Rng) -> AddItem {
    add("A", rng.u32(0..5))
}

#[test]
fn sequences_that_keep_the_invariant_pass() {
    Sequences::<Cart>::new().action(small).action(|rng| Close { twice: rng.bool() }).run();
}

#[test]
fn a_broken_invariant_is_cut_down_and_printed() {
    let text = failure(line!() + 1, || {
        Sequences::<Cart>::new().action(small).action(|_| add("B", 5000)).run();
    });
    let printed = concat!("#[test]\n", include_str!("found.rs"));
    assert!(text.contains("the invariant `is_small` does not hold: 10000 items"), "{text}");
    assert!(text.contains(printed) && text.contains("set ACTUM_SEED="), "{text}");
}

include!("found.rs");

#[test]
fn the_printed_test_fails_as_the_sequence_did() {
    let text = failure(6, found);
    assert_eq!(text, "Cart: the invariant `is_small` does not hold: 10000 items");
}

#[test]
fn an_event_that_loses_data_is_found() {
    let text = failure(line!() + 1, || {
        Sequences::<Cart>::new().action(|_| Note { text: "x".to_owned() }).run();
    });
    assert!(text.contains("event `Noted` does not survive serde"), "{text}");
}

#[test]
fn no_action_is_no_check() {
    failure(line!() + 1, || {
        Sequences::<Cart>::new().run();
    });
}
