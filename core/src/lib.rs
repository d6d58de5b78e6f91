//! Event sourcing that the compiler checks.

#[cfg(feature = "derive")]
extern crate self as actum;

mod aggregate;
mod error;
mod event;
pub mod prelude;
mod projection;
pub mod store;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use aggregate::{
    Action, ActionEntry, Actions, Aggregate, Apply, Emits, Given, Patch, Rejected, Returns, Spec,
    fold,
};
pub use error::{ActError, Conflict, Error, Result};
pub use event::{
    Committed, DecodeError, Event, EventOf, Events, Json, Kind, Meta, MetaFields, Payload,
};
pub use jiff::Timestamp;
pub use projection::{Handler, Projection};
pub use stream::{Id, InvalidStream, StreamId, Version};

#[cfg(feature = "derive")]
pub use actum_macros::{Aggregate, Event, Events, action, patch, projection};
