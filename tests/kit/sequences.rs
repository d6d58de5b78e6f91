//! Random sequences: what holds passes, what breaks is cut down and told.

use actum::testing::{Invariant, Sequences};

use super::{AddItem, Cart, Close, Note, add, failure};

impl Invariant for Cart {
    fn check(&self) -> Result<(), String> {
        if self.items > 9000 { Err(format!("{} items", self.items)) } else { Ok(()) }
    }
}

fn small(rng: &mut fastrand::Rng) -> AddItem {
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
    let printed = include_str!("found.txt");
    assert!(text.contains("the invariant does not hold: 10000 items"), "{text}");
    assert!(text.contains(printed) && text.contains("set ACTUM_SEED="), "{text}");
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
