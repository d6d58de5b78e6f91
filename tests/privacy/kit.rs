//! The test kit takes personal values as they are written down.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actum::{
    prelude::*,
    testing::{given_events, given_nothing, on},
};

use crate::{
    domain::{Customer, Named, name},
    projection::Directory,
};

#[test]
fn events_with_personal_values_are_compared() {
    given_nothing::<Customer>()
        .when(name("17", "Ann"))
        .then(Named { name: Personal::new("17", "Ann".to_owned()) })
        .then_state(|customer| {
            assert_eq!(customer.name, Some(Personal::new("17", "Ann".to_owned())));
        });
}

#[test]
fn another_value_or_subject_is_another_event() {
    for (subject, text) in [("17", "Bob"), ("18", "Ann")] {
        let other = Named { name: Personal::new(subject, text.to_owned()) };
        let compare = || given_nothing::<Customer>().when(name("17", "Ann")).then(other);
        let panic = catch_unwind(AssertUnwindSafe(|| drop(compare()))).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(text.contains("other events than expected"), "{text}");
        assert!(!text.contains("Ann") && !text.contains("Bob"), "{text}");
    }
}

#[test]
fn a_projection_opens_values_in_the_kit_and_forgets() {
    let named = |id: &str, text: &str| {
        on(&format!("Customer-{id}")).happened(Named { name: Personal::new(id, text.to_owned()) })
    };
    let forgotten = on("$subject-17").happened(Forgotten { subject: "17".into() });
    given_events::<Directory>([named("17", "Ann"), named("18", "Bob"), forgotten])
        .then_json(r#"{"names":{"18":"Bob"}}"#);
}
