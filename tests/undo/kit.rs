//! Undo in the test kit comes to what it comes to in an app.

use actum::{
    UndoError, Version,
    testing::{given, given_nothing},
};

use crate::basket::{Basket, Looked, Paid, Pay, Put, Sent, Taken, set, swap};

fn put(at: usize, sku: &str) -> Put {
    Put { at, sku: sku.to_owned(), qty: 1 }
}

fn taken(sku: &str) -> Taken {
    Taken { sku: sku.to_owned() }
}

#[test]
fn the_last_given_event_is_undone() {
    given::<Basket>((put(0, "tea"), put(1, "milk"), taken("tea")))
        .undo()
        .then(put(0, "tea"))
        .then_state(|basket| assert_eq!(basket.skus(), ["tea", "milk"]))
        .then_sound();
}

#[test]
fn all_events_of_an_action_are_undone_the_last_one_first() {
    given::<Basket>((put(0, "tea"), put(1, "milk")))
        .when(swap("gin"))
        .undo()
        .then((taken("gin"), put(0, "milk"), put(0, "tea")))
        .then_state(|basket| assert_eq!(basket.skus(), ["tea", "milk"]));
}

#[test]
fn an_undo_restores_the_state() {
    given::<Basket>(put(0, "tea")).when(swap("gin")).then_undo_restores();
    given_nothing::<Basket>()
        .when(set("tea", 2))
        .then_undo_restores()
        .then_state(|basket| assert_eq!(basket.qty("tea"), Some(2)));
}

#[test]
fn refusals_are_told() {
    given_nothing::<Basket>().undo().then_rejected_with(|error| {
        assert!(matches!(error, UndoError::NoEvents { .. }));
    });
    given::<Basket>((Looked {}, Sent {})).undo().then_rejected_with(|error| {
        assert!(matches!(error, UndoError::NotUndoable { version: Version(2), .. }));
    });
    let text = "`Paid`, version 2 of `Basket-given`, is not undone: 10001 cents are paid back by \
                the accountant; nothing was stored";
    given::<Basket>(Paid { cents: 1 })
        .when(Pay { cents: 10_001 })
        .undo()
        .then_rejected_saying(text);
    given::<Basket>(put(0, "tea")).when(set("tea", 1)).undo().then_rejected_with(|error| {
        assert!(matches!(error, UndoError::NothingToUndo { .. }), "{error}");
    });
}

#[test]
fn an_inverse_that_does_not_restore_the_state_is_caught() {
    // Two of one article: both are taken out, and one is put back.
    let check =
        || given::<Basket>((put(0, "tea"), put(1, "tea"))).when(set("tea", 0)).then_undo_restores();
    let panic = std::panic::catch_unwind(check).expect_err("one is lacking");
    let said = panic.downcast_ref::<String>().expect("a text");
    assert!(said.starts_with("Basket: an undo leads to another state (- before"), "{said}");
}
