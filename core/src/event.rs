//! Events: what a payload is, what the closed set of an aggregate is, and how both are stored.
//!
//! The stored form is the name, the version of the payload's schema and the JSON of the payload.
//! The name is a column of its own: the JSON carries no enum tag.

use std::any::TypeId;

use serde::{Serialize, Serializer, de::DeserializeOwned};

pub(crate) mod causation;
mod committed;
mod json;
mod meta;
pub(crate) mod undone;

pub use committed::Committed;
pub use json::Json;
pub use meta::{Meta, MetaFields};

/// One immutable fact: the payload of an event.
///
/// Written by `#[derive(Event)]`. The name under which it is stored is that of the type, or
/// `#[event(name = "…")]`; the version of its schema is 1, or `#[event(version = 2, from = Old)]`
/// with `impl From<Old> for Self`, where `Old` is the event type of version 1.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "this is not an event",
    note = "put `#[derive(Event, Serialize, Deserialize)]` on the struct `{Self}`"
)]
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name it is stored under.
    const NAME: &'static str;
    /// The version of the payload's schema, from 1.
    const VERSION: u32;
    /// The doc comment of the type.
    const DOCS: &'static str;

    /// Decodes a payload of any version of the schema up to this one.
    ///
    /// # Errors
    ///
    /// The version is not one this type knows, or the JSON does not fit.
    fn decode(version: u32, data: &[u8]) -> Result<Self, DecodeError>;
}

/// The closed set of events that an aggregate emits: an enum of newtype variants.
///
/// Written by `#[derive(Events)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "this is not a set of events",
    note = "put `#[derive(Events)]` on the enum `{Self}`; each variant holds one event, as in `ItemAdded(ItemAdded)`"
)]
pub trait Events: Sized + Send + Sync + 'static {
    /// What is known of each variant, in the order of declaration.
    const KINDS: &'static [Kind];

    /// What is known of this event's variant.
    fn kind(&self) -> &'static Kind;

    /// Writes the payload as JSON, without any tag.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;

    /// Decodes the payload stored under a name with a version of its schema.
    fn decode(name: &str, version: u32, data: &[u8]) -> Result<Self, DecodeError>;
}

/// `E` is one of the events `Es`, those of the aggregate `A`.
///
/// Written by `#[derive(Events)]` for every variant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "the events of `{A}` are the variants of `{Es}`; to add this one, write `{Self}({Self})` there"
)]
pub trait EventOf<Es, A>: Event {}

/// What is known of an event type without having one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Kind {
    /// The name it is stored under.
    pub name: &'static str,
    /// The version of the payload's schema.
    pub version: u32,
    /// The doc comment of the payload's type.
    pub docs: &'static str,
    /// The Rust type of the payload.
    pub type_id: TypeId,
}

impl Kind {
    /// What is known of the event type `E`.
    pub const fn of<E: Event>() -> Self {
        Self { name: E::NAME, version: E::VERSION, docs: E::DOCS, type_id: TypeId::of::<E>() }
    }
}

/// What a [`Committed`] can carry: an event, a set of events, or the stored [`Json`].
pub trait Payload {
    /// Serialises the payload alone, as it is stored.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<E: Event> Payload for E {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(self, serializer)
    }
}

/// A stored payload that this program cannot read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the set has this name.
    #[error("no event here is named `{name}`; known are {known}")]
    UnknownName {
        /// The stored name.
        name: String,
        /// The names of the set.
        known: String,
    },
    /// The payload's schema has a version that the type does not know.
    #[error(
        "`{name}` is stored with version {found} of its schema, and this program knows {oldest} to {newest}"
    )]
    UnknownVersion {
        /// The name of the event.
        name: &'static str,
        /// The stored version.
        found: u32,
        /// The lowest version that can be decoded.
        oldest: u32,
        /// The version of the type.
        newest: u32,
    },
    /// The JSON does not fit the type.
    #[error("the payload of `{name}` does not fit its type")]
    Payload {
        /// The name of the event.
        name: &'static str,
        /// What serde says.
        source: serde_json::Error,
    },
}
