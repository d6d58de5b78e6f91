//! Actions: what a caller may ask of an aggregate, with types and without.

use std::{error::Error as StdError, fmt};

use serde::{Serialize, de::DeserializeOwned};

use super::sketch;
use crate::{Aggregate, Emits, Json, event::Kind};

/// `I` may be asked of the aggregate.
///
/// Written by `#[action]` for each method `fn(&self, I) -> Result<impl Emits, Error>`. An action is
/// synchronous and pure, so that it can be repeated after a conflict.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no action `{I}`",
    label = "`{Self}` has no action that takes this",
    note = "add it to the `#[action] impl {Self}` block, as in `fn name(&self, input: {I}) -> Result<SomeEvent, SomeError> {{ … }}`"
)]
pub trait Action<I: Input>: Aggregate {
    /// What it emits.
    type Emits: Emits<Self::Events, Self>;

    /// What it answers when it refuses.
    type Error: StdError + Send + Sync + 'static;

    /// Its names and texts.
    const SPEC: Spec;

    /// Checks the preconditions, then decides.
    fn act(&self, input: I) -> Result<Self::Emits, Self::Error>;
}

/// What an action takes: every owned type that derives serde's traits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the input of an action",
    label = "`{Self}` does not derive `Serialize` and `Deserialize`",
    note = "put `#[derive(Serialize, Deserialize)]` on `{Self}`, with `use serde::{{Deserialize, Serialize}};`"
)]
pub trait Input: Sized {
    #[doc(hidden)]
    fn decode(input: &Json) -> Result<Self, serde_json::Error>;

    #[doc(hidden)]
    fn sketch() -> String;
}

// Without supertraits, rustc tells of this trait and not of those.
#[diagnostic::do_not_recommend]
impl<I: Serialize + DeserializeOwned + Send + 'static> Input for I {
    fn decode(input: &Json) -> Result<Self, serde_json::Error> {
        input.decode()
    }

    fn sketch() -> String {
        sketch::sketch::<I>()
    }
}

/// The names and texts of an action.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The name: that of the input type.
    pub name: &'static str,
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// The names of the preconditions, in the order of their checks.
    pub given: &'static [&'static str],
}

impl Spec {
    /// Puts them together.
    pub const fn new(
        name: &'static str,
        method: &'static str,
        docs: &'static str,
        given: &'static [&'static str],
    ) -> Self {
        Self { name, method, docs, given }
    }
}

/// All actions of an aggregate; written by its one `#[action]` block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[action]` block",
    label = "nothing can be asked of `{Self}`",
    note = "write `#[action] impl {Self} {{ … }}`; an empty block is fine for an aggregate without actions"
)]
pub trait Actions: Aggregate {
    /// The actions, in the order of declaration.
    const ACTIONS: &'static [ActionEntry<Self>];

    /// The preconditions, in the order of declaration.
    const GIVEN: &'static [Given<Self>];
}

/// An action without its types, for callers that have only names and JSON.
pub struct ActionEntry<A: Aggregate> {
    /// Its names and texts.
    pub spec: Spec,
    /// Puts into the vector what it may emit.
    pub emits: fn(&mut Vec<&'static Kind>),
    /// What an input may look like, as JSON with a line for each field.
    pub sketch: fn() -> String,
    /// Decodes the input, checks the preconditions, decides.
    pub act: Act<A>,
}

type Act<A> = fn(&A, &Json) -> Result<Vec<<A as Aggregate>::Events>, Rejected>;

impl<A: Aggregate> ActionEntry<A> {
    /// The entry of the action that takes `I`.
    pub const fn of<I>() -> Self
    where
        A: Action<I>,
        I: Input,
    {
        Self {
            spec: <A as Action<I>>::SPEC,
            emits: <<A as Action<I>>::Emits as Emits<A::Events, A>>::kinds,
            sketch: I::sketch,
            act: act_json::<A, I>,
        }
    }
}

fn act_json<A, I>(state: &A, input: &Json) -> Result<Vec<A::Events>, Rejected>
where
    A: Action<I>,
    I: Input,
{
    let input = I::decode(input).map_err(Rejected::Input)?;
    let emitted = state.act(input).map_err(|error| Rejected::Domain(Box::new(error)))?;
    let mut events = Vec::new();
    emitted.emit(&mut events);
    Ok(events)
}

/// Why an action asked by name was refused.
#[derive(Debug, thiserror::Error)]
pub enum Rejected {
    /// The input does not fit the action.
    #[error("the input does not fit the action: {0}")]
    Input(#[source] serde_json::Error),
    /// The domain's own error.
    #[error(transparent)]
    Domain(Box<dyn StdError + Send + Sync>),
}

/// A named precondition of actions.
pub struct Given<A> {
    /// Its name: that of the method.
    pub name: &'static str,
    /// The doc comment of the method, where it stands in the `#[action]` block.
    pub docs: &'static str,
    /// Tells why it does not hold, if so.
    pub check: fn(&A) -> Result<(), String>,
}

/// The refusal by a precondition that is a plain question: a method `fn(&self) -> bool` of an
/// `#[action]` block.
///
/// It is the error of actions that refuse for nothing else, or a part of a richer one by
/// `impl From<Unmet> for CartError`.
///
/// ```
/// # use actum::Unmet;
/// let refused = Unmet { given: "open", docs: "The cart is not checked out." };
/// assert_eq!(refused.to_string(), "`open` is not met: the cart is not checked out");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The name of the precondition: that of its method.
    pub given: &'static str,
    /// What it asks for: the doc comment of the method.
    pub docs: &'static str,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not met", self.given)?;
        let first = self.docs.split("\n\n").next().unwrap_or_default();
        let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = first.trim_end_matches('.');
        let mut letters = first.chars();
        match letters.next() {
            // A name such as `SKU` stays as it is.
            Some(initial) if !letters.as_str().starts_with(char::is_uppercase) => {
                write!(f, ": {}{}", initial.to_lowercase(), letters.as_str())
            }
            Some(_) => write!(f, ": {first}"),
            None => Ok(()),
        }
    }
}

impl StdError for Unmet {}

/// What an action's method returns: `Result<events, error>`.
#[diagnostic::on_unimplemented(
    message = "an action returns `Result<events, error>`, not `{Self}`",
    label = "not a `Result`",
    note = "the error is the domain's own; an action that never refuses can return `Result<_, std::convert::Infallible>`"
)]
pub trait Returns {
    /// The events.
    type Emits;
    /// The error.
    type Error;
}

impl<T, E> Returns for Result<T, E> {
    type Emits = T;
    type Error = E;
}

impl<A: Aggregate> fmt::Debug for ActionEntry<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionEntry").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl<A> fmt::Debug for Given<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("name", &self.name).finish_non_exhaustive()
    }
}
