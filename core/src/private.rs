//! What the expansion of the macros needs; no one else may use it.

pub use crate::{
    Action, ActionEntry, Actions, Aggregate, Committed, DecodeError, Emits, Event, EventOf, Events,
    Given, Invariant, Invariants, Kind, Payload, Projection, Unmet,
    aggregate::{Apply, Patch, Returns, Spec},
    projection::{
        Answer, Answered, DocumentPerKey, Fate, Handler, Handles, KeyOf, KeyText, OneDocument,
        Outcome, SqlHandler, SqlHandles, SqlProjection, Tx,
    },
    reaction::{
        Asked, Cx, Fault, Handled, IntoFault, Part, Policy, Reaction, Reactor, Reacts, Start,
    },
    store::sql::{Awaiting, Blocking, SqlTransaction},
};
pub use core;
pub use serde;
pub use serde_json;
pub use std;

use std::fmt;

use serde::{Serializer, de::DeserializeOwned};

/// Decodes a payload that has the newest version of its schema.
pub fn decode<E: Event + DeserializeOwned>(data: &[u8]) -> Result<E, DecodeError> {
    serde_json::from_slice(data).map_err(|source| DecodeError::Payload { name: E::NAME, source })
}

/// The key that a closure or a function finds in an event.
pub fn key<'a, E, K: KeyText>(
    event: &'a Committed<E>,
    key: impl FnOnce(&'a Committed<E>) -> K,
) -> String {
    key(event).text()
}

/// What becomes of a document after a handler has returned.
pub fn fate<O: Outcome>(outcome: O) -> Fate {
    outcome.fate()
}

/// What is known of an event of a set.
///
/// Here and below the bound is `EventOf`: what is no event is an error at its impl and only there.
pub const fn kind<Es, E: EventOf<Es, ()>>() -> Kind {
    Kind::of::<E>()
}

/// Whether an event of a set is stored under a name.
pub fn is_named<Es, E: EventOf<Es, ()>>(name: &str) -> bool {
    name == E::NAME
}

/// Decodes an event of a set.
pub fn decode_as<Es: From<E>, E: EventOf<Es, ()>>(
    version: u32,
    data: &[u8],
) -> Result<Es, DecodeError> {
    E::decode(version, data).map(Es::from)
}

/// Encodes an event of a set.
pub fn encode<Es, E: EventOf<Es, ()>>(
    event: &E,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    serde_json::to_writer(out, event)
}

/// Serialises an event of a set.
pub fn serialize<Es, E: EventOf<Es, ()>, S: Serializer>(
    event: &E,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    event.serialize(serializer)
}

/// Decodes a payload whose schema has had no other version.
pub fn decode_only<E: Event>(version: u32, data: &[u8]) -> Result<E, DecodeError> {
    if version == E::VERSION { decode(data) } else { Err(unknown_version::<E>(version, 1)) }
}

/// Decodes a payload of any version, by way of the event type of the version before.
///
/// The macro has rustc check that the versions go down one by one, so the chain ends at 1.
pub fn decode_or_upcast<E, Old>(version: u32, data: &[u8]) -> Result<E, DecodeError>
where
    E: Event + UpcastFrom<Old>,
    Old: Event,
{
    if version == 0 || version > E::VERSION {
        return Err(unknown_version::<E>(version, 1));
    }
    if version == E::VERSION {
        return decode(data);
    }
    Old::decode(version, data).map(E::upcast)
}

/// What `From` is, with a text of its own for a missing impl.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from `{Old}`",
    label = "there is no `impl From<{Old}> for {Self}`",
    note = "stored events of the old version must still be read: write `impl From<{Old}> for {Self} {{ fn from(old: {Old}) -> Self {{ … }} }}`"
)]
pub trait UpcastFrom<Old> {
    fn upcast(old: Old) -> Self;
}

#[diagnostic::do_not_recommend]
impl<Old, E: From<Old>> UpcastFrom<Old> for E {
    fn upcast(old: Old) -> Self {
        Self::from(old)
    }
}

/// What a precondition returns: `bool` or `Result<(), E>`.
#[diagnostic::on_unimplemented(
    message = "a precondition returns `bool` or `Result<(), error>`, not `{Self}`",
    label = "neither a `bool` nor a `Result<(), error>`",
    note = "it is a method `fn(&self) -> bool` or `fn(&self) -> Result<(), SomeError>`"
)]
pub trait Check {
    type Error;
    fn result(self, given: &'static str, docs: &'static str) -> Result<(), Self::Error>;
}

impl<E> Check for Result<(), E> {
    type Error = E;
    fn result(self, _: &'static str, _: &'static str) -> Result<(), E> {
        self
    }
}

impl Check for bool {
    type Error = Unmet;
    fn result(self, given: &'static str, docs: &'static str) -> Result<(), Unmet> {
        if self { Ok(()) } else { Err(Unmet { given, docs }) }
    }
}

/// What a precondition answers.
pub fn given<C: Check>(
    outcome: C,
    given: &'static str,
    docs: &'static str,
) -> Result<(), C::Error> {
    outcome.result(given, docs)
}

/// The text of a refusal.
pub fn refusal<E: fmt::Display>(outcome: Result<(), E>) -> Result<(), String> {
    outcome.map_err(|error| error.to_string())
}

/// What an invariant returns: `Result<(), E>` with an error that can be shown.
#[diagnostic::on_unimplemented(
    message = "an invariant returns `Result<(), error>`, not `{Self}`",
    label = "not a `Result<(), error>`",
    note = "it is a method `fn(&self) -> Result<(), SomeError>`, and the error implements `Display`"
)]
pub trait Holds {
    fn holds(self) -> Result<(), String>;
}

impl<E: fmt::Display> Holds for Result<(), E> {
    fn holds(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

/// Why an invariant does not hold.
pub fn holds<H: Holds>(outcome: H) -> Result<(), String> {
    outcome.holds()
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

/// What a method of a SQL projection returns, whatever its error is.
pub fn answered<A: Answered>(
    answer: A,
) -> Result<(), std::boxed::Box<dyn std::error::Error + Send + Sync>> {
    answer.answered()
}
