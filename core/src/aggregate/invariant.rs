//! Invariants: what must hold of a state at all times, declared once.
//!
//! The test kit looks for sequences of actions that break them; an app built with
//! [`with_checked`](crate::Builder::with_checked) refuses to append what would.

use std::fmt;

use crate::Aggregate;

/// The invariants of an aggregate; written by its one `#[invariant]` block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `#[invariant]` block",
    label = "nothing is said about what must hold of `{Self}`",
    note = "write `#[invariant] impl {Self} {{ fn name(&self) -> Result<(), SomeError> {{ … }} }}`; an empty block is fine for an aggregate without invariants"
)]
pub trait Invariants: Aggregate {
    /// The invariants, in the order of declaration, in which they are checked.
    const INVARIANTS: &'static [Invariant<Self>];
}

/// A named invariant.
pub struct Invariant<A> {
    /// Its name: that of the method.
    pub name: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// Tells why it does not hold, if so.
    pub check: fn(&A) -> Result<(), String>,
}

/// The first invariant that does not hold of a state, and why.
pub(crate) fn broken<A>(invariants: &[Invariant<A>], state: &A) -> Option<(&'static str, String)> {
    invariants.iter().find_map(|invariant| Some((invariant.name, (invariant.check)(state).err()?)))
}

impl<A> fmt::Debug for Invariant<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invariant").field("name", &self.name).finish_non_exhaustive()
    }
}
