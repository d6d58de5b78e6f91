//! Projections: read models folded from the events of any streams.
//!
//! A projection names the event types it takes; only those payloads are decoded.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Committed, Event, Result, event::Kind};

mod sql;

pub(crate) use sql::Taken;
pub use sql::{Answer, Answered, SqlHandler, SqlHandles, SqlProjection, Tx};

/// A read model folded from events of any streams.
///
/// Written by `#[projection]` for the methods `fn(&mut self, &Committed<E>)` of an `impl` block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "this is not a projection",
    note = "write `#[projection] impl {Self} {{ fn name(&mut self, event: &Committed<SomeEvent>) {{ … }} }}`"
)]
pub trait Projection: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name it is stored under: that of the type, or `#[projection(name = "…")]`.
    const NAME: &'static str;

    /// The version of the fold; `#[projection(version = 2)]` builds anew.
    const VERSION: u32;

    /// The doc comment of the block.
    const DOCS: &'static str;

    /// One for each event type it takes.
    const HANDLERS: &'static [Handler<Self>];
}

/// How one event type changes a projection.
pub struct Handler<P> {
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// What is known of the event type.
    pub event: Kind,
    /// Decodes the payload and calls the method.
    pub call: fn(&mut P, Committed) -> Result<()>,
}

/// A method of a projection as the macro hands it over.
#[doc(hidden)]
pub trait Handles<E> {
    fn handle(&mut self, event: &Committed<E>);
}

impl<P> Handler<P> {
    /// The handler for the event type `E`.
    #[doc(hidden)]
    pub const fn of<E: Event>(method: &'static str, docs: &'static str) -> Self
    where
        P: Handles<E>,
    {
        Self { method, docs, event: Kind::of::<E>(), call: call::<P, E> }
    }
}

fn call<P: Handles<E>, E: Event>(view: &mut P, event: Committed) -> Result<()> {
    view.handle(&event.decode::<E>()?);
    Ok(())
}

impl<P> fmt::Debug for Handler<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler").field("method", &self.method).finish_non_exhaustive()
    }
}
