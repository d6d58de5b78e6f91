//! Projections: read models folded from the events of any streams.
//!
//! A projection names the event types it takes; only those payloads are decoded. It has one
//! document, or one for each key; the signature of a handler says whether it can end a document.

use serde::{Serialize, de::DeserializeOwned};

use crate::event::Kind;

mod handler;
mod key;

pub use handler::{Change, Delete, Fate, Handler, Handles, Outcome, Route};
pub use key::{KeyOf, KeyText};

pub(crate) use key::{partition_of, refuse_key};

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

    /// Whether it has a document for each key, `#[projection(key = …)]`, and not only one.
    const KEYED: bool = false;

    /// Over how many workers its documents are spread; `#[projection(partitions = 4)]`.
    const PARTITIONS: u32 = 1;

    /// Takes in what was folded from later events, where the block has a
    /// `fn merge(&mut self, later: Self)`.
    ///
    /// A large log is then folded in ranges beside each other, as many at once as there are
    /// processors, and what they come to is merged in the order of the log. That is for folds of
    /// which this holds, however the events are cut in two: folding the first part and then the
    /// second into one document is the same as folding each into an empty one and merging them.
    /// Sums, counts, maxima, sets and maps of such are of that kind; what depends on the state it
    /// finds, such as a running balance that is cut off at zero, is not. Where a handler returns
    /// `Delete`, what came before in its document is left out by itself.
    ///
    /// [`App::verify`](crate::App::verify) never merges: it finds a `merge` that is wrong. A merge
    /// or a handler that panics in a range stops nothing: the events are folded one by one then.
    ///
    /// ```
    /// use actum::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// struct Sold { cents: u64 }
    ///
    /// #[derive(Default, Serialize, Deserialize)]
    /// struct Sales { cents: u64, dearest: u64 }
    ///
    /// #[projection]
    /// impl Sales {
    ///     fn sold(&mut self, event: &Committed<Sold>) {
    ///         self.cents += event.data.cents;
    ///         self.dearest = self.dearest.max(event.data.cents);
    ///     }
    ///     fn merge(&mut self, later: Self) {
    ///         self.cents += later.cents;
    ///         self.dearest = self.dearest.max(later.dearest);
    ///     }
    /// }
    /// assert!(Sales::MERGE.is_some());
    /// ```
    const MERGE: Option<fn(&mut Self, Self)> = None;

    /// One for each event type it takes.
    const HANDLERS: &'static [Handler<Self>];
}

/// A projection with one document. Written by `#[projection]` without a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has a document for each key, not only one",
    label = "which document of `{Self}`?",
    note = "name the document, as in `app.view::<{Self}>().key(\"…\").await`, or list them with `app.views::<{Self}>()`"
)]
pub trait OneDocument {}

/// A projection with a document for each key. Written by `#[projection(key = …)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has one document, not one for each key",
    label = "`{Self}` has no keys",
    note = "read it with `app.view::<{Self}>().await`; for a document for each stream write `#[projection(key = stream)]`, for any other key `#[projection(key = |event| …)]`"
)]
pub trait DocumentPerKey {}

impl<P> std::fmt::Debug for Handler<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What is known of the events that a projection takes.
pub(crate) fn kinds<P: Projection>() -> impl Iterator<Item = &'static Kind> {
    P::HANDLERS.iter().map(|handler| &handler.event)
}
