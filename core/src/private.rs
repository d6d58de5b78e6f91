//! What the expansion of the macros needs; no one else may use it.

pub use crate::{
    Action, ActionEntry, Actions, Aggregate, Committed, DecodeError, Emits, Event, EventOf, Events,
    Given, Kind, Payload, Projection,
    aggregate::{Apply, Patch, Returns, Spec},
    projection::{Handler, Handles},
};
pub use core;
pub use serde;
pub use serde_json;
pub use std;

use serde::de::DeserializeOwned;

/// Decodes a payload that has the newest version of its schema.
pub fn decode<E: Event + DeserializeOwned>(data: &[u8]) -> Result<E, DecodeError> {
    serde_json::from_slice(data).map_err(|source| DecodeError::Payload { name: E::NAME, source })
}

/// Refuses a payload whose version the type does not know.
pub fn unknown_version<E: Event>(found: u32, oldest: u32) -> DecodeError {
    DecodeError::UnknownVersion { name: E::NAME, found, oldest, newest: E::VERSION }
}

/// Refuses a name that the set does not have.
pub fn unknown_name<Es: Events>(name: &str) -> DecodeError {
    let known = Es::KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    DecodeError::UnknownName { name: name.to_owned(), known }
}

/// Whether no two events are stored under one name; evaluated at compile time.
pub const fn names_are_unique(mut kinds: &[Kind]) -> bool {
    while let [kind, others @ ..] = kinds {
        let mut rest = others;
        while let [other, more @ ..] = rest {
            if equal(kind.name.as_bytes(), other.name.as_bytes()) {
                return false;
            }
            rest = more;
        }
        kinds = others;
    }
    true
}

const fn equal(mut a: &[u8], mut b: &[u8]) -> bool {
    while let ([first, rest @ ..], [other, more @ ..]) = (a, b) {
        if *first != *other {
            return false;
        }
        (a, b) = (rest, more);
    }
    a.is_empty() && b.is_empty()
}
