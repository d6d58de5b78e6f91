//! Undo: what takes back an event, as new events.
//!
//! `#[aggregate(undo = […])]` declares which events can be undone, `#[undo]` tells how. The compiler
//! checks that neither is there without the other.

use std::fmt;

use crate::{Aggregate, DecodeError, Emits, EventOf, event::Kind};

/// How one event of the aggregate is taken back.
///
/// Written by `#[undo]` for each function `fn(before: &Self, event: &E) -> impl Emits`. Like an
/// action it is pure, so that it can be repeated after a conflict.
#[diagnostic::on_unimplemented(
    message = "event `{E}` is declared undoable, and has no inverse on `{Self}`",
    label = "nothing takes `{E}` back",
    note = "add a function for it to the `#[undo] impl {Self}` block, as in `fn undo_it(before: &{Self}, event: &{E}) -> SomeEvent {{ … }}`, or take it out of `undo = […]`"
)]
pub trait Undo<E>: Aggregate {
    /// What it emits.
    type Emits: Reverts<Self::Events, Self>;

    /// What it answers when it refuses; [`Infallible`](std::convert::Infallible) when it never does.
    type Refusal: fmt::Display;

    /// The name of the function.
    const METHOD: &'static str;

    /// The doc comment of the function.
    const DOCS: &'static str;

    /// Tells which events take this one back, where `before` is the state before it.
    fn undo(before: &Self, event: &E) -> Result<Self::Emits, Self::Refusal>;
}

/// An event that is declared undoable on `A`.
///
/// Written by `#[derive(Aggregate)]` for each event in `#[aggregate(undo = […])]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not declared undoable on `{A}`",
    label = "it has an inverse, but would never be undone",
    note = "add it to the attribute of the struct: `#[aggregate(events = …, undo = [{Self}])]`"
)]
pub trait Undoable<A> {}

/// An aggregate of which some events can be undone.
///
/// Written by `#[derive(Aggregate)]` where `#[aggregate(undo = […])]` names an event.
#[diagnostic::on_unimplemented(
    message = "no event of `{Self}` is declared undoable",
    label = "nothing can be undone here",
    note = "name those that are, as in `#[aggregate(events = …, undo = [SomeEvent])]`, and write their inverses in `#[undo] impl {Self} {{ … }}`"
)]
pub trait Undoes: Aggregate {}

/// What an inverse of `A` may emit: all that an action may.
#[diagnostic::on_unimplemented(
    message = "an inverse of `{A}` cannot emit `{Self}`",
    label = "not an event of `{A}`",
    note = "an inverse emits variants of `{Es}`: one event, `{Es}` itself, or a tuple, array, `Option` or `Vec` of these; one that may refuse returns a `Result` of them"
)]
pub trait Reverts<Es, A>: Sized {
    #[doc(hidden)]
    fn revert(self) -> Vec<Es>;

    #[doc(hidden)]
    fn kinds(out: &mut Vec<&'static Kind>);
}

// Without supertraits, rustc tells of this trait and not of `Emits`.
#[diagnostic::do_not_recommend]
impl<Es, A, T: Emits<Es, A>> Reverts<Es, A> for T {
    fn revert(self) -> Vec<Es> {
        let mut events = Vec::new();
        self.emit(&mut events);
        events
    }

    fn kinds(out: &mut Vec<&'static Kind>) {
        T::kinds(out);
    }
}

/// The inverse of an event without its type, for callers that have only what is stored.
pub struct Inverse<A: Aggregate> {
    /// The event that it takes back.
    pub event: Kind,
    /// The name of the function.
    pub method: &'static str,
    /// The doc comment of the function.
    pub docs: &'static str,
    /// Puts into the vector what it may emit.
    pub emits: fn(&mut Vec<&'static Kind>),
    /// Decodes the event, stored with a version of its schema, and tells what takes it back, where
    /// `before` is the state before it.
    pub undo: Takes<A>,
}

/// What takes an event back, or why nothing does.
type Answer<A> = Result<Vec<<A as Aggregate>::Events>, String>;

type Takes<A> = fn(before: &A, schema: u32, data: &[u8]) -> Result<Answer<A>, DecodeError>;

impl<A: Aggregate> Inverse<A> {
    /// The inverse of `E`.
    pub const fn of<E>() -> Self
    where
        A: Undo<E>,
        E: EventOf<A::Events, A>,
    {
        Self {
            event: Kind::of::<E>(),
            method: <A as Undo<E>>::METHOD,
            docs: <A as Undo<E>>::DOCS,
            emits: <<A as Undo<E>>::Emits as Reverts<A::Events, A>>::kinds,
            undo: undo::<A, E>,
        }
    }

    /// The inverse of the event that is stored under a name, if it has one.
    pub(crate) fn of_name(name: &str) -> Option<&'static Self> {
        A::INVERSES.iter().find(|inverse| inverse.event.name == name)
    }
}

fn undo<A, E>(before: &A, schema: u32, data: &[u8]) -> Result<Answer<A>, DecodeError>
where
    A: Undo<E>,
    E: EventOf<A::Events, A>,
{
    let event = E::decode(schema, data)?;
    Ok(A::undo(before, &event).map(Reverts::revert).map_err(|refusal| refusal.to_string()))
}

impl<A: Aggregate> fmt::Debug for Inverse<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inverse").field("event", &self.event.name).finish_non_exhaustive()
    }
}
