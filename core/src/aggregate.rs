//! Aggregates: state folded from one stream, what each event does to it, what may be asked of it.
//!
//! The traits here are obligations that the macros write and rustc checks; their
//! `on_unimplemented` texts are what a user reads when a rule is broken.

use serde::{Serialize, de::DeserializeOwned};

use crate::{EventOf, Events};

mod action;
mod emits;
mod invariant;
mod undo;

pub use action::{Action, ActionEntry, Actions, Given, Input, Rejected, Returns, Spec, Unmet};
pub use emits::Emits;
pub(crate) use invariant::broken;
pub use invariant::{Invariant, Invariants};
pub use undo::{Inverse, Reverts, Undo, Undoable, Undoes};

/// State folded from one stream of events.
///
/// Written by `#[derive(Aggregate)]` with `#[aggregate(events = CartEvent)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "this is not an aggregate",
    note = "put `#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]` and `#[aggregate(events = …)]` on the struct `{Self}`"
)]
pub trait Aggregate:
    Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The closed set of its events; each has a [`Patch`].
    type Events: Events + Apply<Self>;

    /// Its name, the category of its streams; contains no `-`.
    const NAME: &'static str;

    /// The doc comment of the type.
    const DOCS: &'static str;

    /// After how many events a snapshot is taken; `None` for never.
    const SNAPSHOT_EVERY: Option<u64>;

    /// What takes back the events that are declared undoable, in the order of declaration.
    const INVERSES: &'static [Inverse<Self>] = &[];
}

/// How one event changes the state.
///
/// Written by `#[patch]` for each method `fn(&mut self, E)`. Events come by value: replay moves
/// payloads into the state.
#[diagnostic::on_unimplemented(
    message = "event `{E}` has no patch on `{Self}`",
    label = "no patch takes `{E}`",
    note = "add a method that takes it to the `#[patch] impl {Self}` block, as in `fn name(&mut self, event: {E}) {{ … }}`"
)]
pub trait Patch<E: EventOf<Self::Events, Self>>: Aggregate {
    /// Applies the event.
    fn patch(&mut self, event: E);
}

/// A set of events of which every one has a patch on `A`.
///
/// Written by `#[derive(Events)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the events of `{A}`",
    label = "this is not a set of events",
    note = "put `#[derive(Events)]` on the enum `{Self}`"
)]
pub trait Apply<A> {
    /// Applies the event to the state.
    fn apply(self, state: &mut A);
}

/// Folds events into a state, in their order.
///
/// ```
/// use actum::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct Added {
///     by: u64,
/// }
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct Reset;
///
/// #[derive(Events)]
/// enum CounterEvent {
///     Added(Added),
///     Reset(Reset),
/// }
///
/// #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
/// #[aggregate(events = CounterEvent)]
/// struct Counter {
///     count: u64,
/// }
///
/// #[patch]
/// impl Counter {
///     fn added(&mut self, event: Added) {
///         self.count += event.by;
///     }
///
///     fn reset(&mut self, _: Reset) {
///         self.count = 0;
///     }
/// }
///
/// let events = [Added { by: 1 }.into(), Reset.into(), Added { by: 2 }.into()];
/// let counter: Counter = actum::fold(events);
/// assert_eq!(counter.count, 2);
/// ```
pub fn fold<A: Aggregate>(events: impl IntoIterator<Item = A::Events>) -> A {
    let mut state = A::default();
    for event in events {
        event.apply(&mut state);
    }
    state
}
