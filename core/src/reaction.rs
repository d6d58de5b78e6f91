//! Reactions: what the program does after an event, at least once and in the order of each stream.
//!
//! A handler may talk to the world, fail and be tried again. What it asks of aggregates stands in
//! its signature, so that the model knows it, and is keyed by the event, so that it happens once.

use std::{any::TypeId, fmt, future::Future, time::Duration};

use crate::{Committed, Event, Result, event::Kind, store::BoxFuture};

mod ask;
mod cx;
mod fault;

pub use ask::{Ask, Later, When};
pub(crate) use cx::KEYS;
pub use cx::{Cx, Part};
pub use fault::{Fault, IntoFault};

/// What the program does after events.
///
/// Written by `#[reaction]` for the methods
/// `async fn(&self, &Committed<E>, …) -> Result<(), Fault>` of an `impl` block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reaction",
    label = "this is not a reaction",
    note = "write `#[reaction] impl {Self} {{ async fn name(&self, event: &Committed<SomeEvent>) -> Result<(), Fault> {{ … }} }}`"
)]
pub trait Reaction: Sized + Send + Sync + 'static {
    /// The name its progress is stored under: that of the type, or `#[reaction(name = "…")]`.
    const NAME: &'static str;

    /// The doc comment of the block.
    const DOCS: &'static str;

    /// How it is tried again, and how much of it runs at a time.
    const POLICY: Policy;

    /// Where it begins when it has never run; `#[reaction(from = now)]`.
    const START: Start = Start::Beginning;

    /// One for each event type it takes.
    const HANDLERS: &'static [Reactor<Self>];
}

/// Where a reaction begins that has never run.
///
/// A new reaction on an old log handles every event that the log has ever had, unless it says
/// otherwise: right for one that shall catch up on what was left undone, wrong for one that sends
/// mail.
///
/// ```
/// use actum::{Start, prelude::*};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct CheckedOut { customer: String }
///
/// struct Thanks;
///
/// #[reaction(from = now)]
/// impl Thanks {
///     async fn checked_out(&self, event: &Committed<CheckedOut>) -> Result<(), Fault> {
///         println!("Thank you, {}!", event.data.customer);
///         Ok(())
///     }
/// }
/// assert_eq!(Thanks::START, Start::Now);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the first event of the log.
    #[default]
    Beginning,
    /// Behind the last event there is when an app with it starts for the first time; that place is
    /// kept, so nothing is left out between then and its first event.
    Now,
}

/// How a reaction is tried again, and how much of it runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often an event is tried before its stream is parked.
    pub attempts: u32,
    /// How long is waited at most after the first failure; twice as long after each further one.
    pub backoff: Duration,
    /// How long is waited at most.
    pub longest: Duration,
    /// How many events, of as many streams, are handled at the same time.
    pub parallel: u32,
    /// How long a process that has gone silent keeps the reaction from the others.
    pub lease: Duration,
}

impl Policy {
    /// 8 attempts from 100 ms up to 1 min apart, 64 at a time, a lease of 10 s.
    pub const DEFAULT: Self = Self {
        attempts: 8,
        backoff: Duration::from_millis(100),
        longest: Duration::from_mins(1),
        parallel: 64,
        lease: Duration::from_secs(10),
    };

    /// How long to wait after so many failures: at random between half of it and all of it.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = self.backoff.saturating_mul(doubled).min(self.longest);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// How a reaction handles one event type.
pub struct Reactor<R> {
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// What is known of the event type.
    pub event: Kind,
    /// Puts into the vector what it may ask.
    pub asks: fn(&mut Vec<Asked>),
    /// Decodes the payload, from any version of its schema, and calls the method.
    pub call: for<'a> fn(&'a R, Committed, &'a Cx) -> BoxFuture<'a, Result<(), Fault>>,
}

/// An action that a handler may ask, as its signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// The name of the aggregate.
    pub aggregate: &'static str,
    /// The name of the action.
    pub action: &'static str,
    /// The Rust type of the aggregate.
    pub type_id: TypeId,
}

/// A method of a reaction as the macro hands it over.
#[doc(hidden)]
pub trait Reacts<E>: Sized {
    type Error: IntoFault;

    fn asks(out: &mut Vec<Asked>);

    fn react<'a>(
        &'a self,
        event: &'a Committed<E>,
        cx: &'a Cx,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'a;
}

/// What a handler returns: `Result<(), E>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a handler of a reaction returns `Result<(), error>`, not `{Self}`",
    label = "not a `Result<(), error>`",
    note = "what it has to tell it asks of an aggregate, by an `Ask<'_, SomeAggregate, SomeAction>`"
)]
pub trait Handled {
    type Error;
}

impl<E> Handled for Result<(), E> {
    type Error = E;
}

impl<R: Sync> Reactor<R> {
    /// The handler for the event type `E`.
    #[doc(hidden)]
    pub const fn of<E: Event>(method: &'static str, docs: &'static str) -> Self
    where
        R: Reacts<E>,
    {
        Self {
            method,
            docs,
            event: Kind::of::<E>(),
            asks: <R as Reacts<E>>::asks,
            call: |reaction, event, cx| Box::pin(call(reaction, event, cx)),
        }
    }
}

async fn call<R, E>(reaction: &R, event: Committed, cx: &Cx) -> Result<(), Fault>
where
    R: Reacts<E> + Sync,
    E: Event,
{
    // Tried again it would be the same; a program that knows the event can.
    let event = event.decode::<E>().map_err(Fault::park)?;
    reaction.react(&event, cx).await.map_err(IntoFault::into_fault)
}

impl<R> fmt::Debug for Reactor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("method", &self.method).finish_non_exhaustive()
    }
}
