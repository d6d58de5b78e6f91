//! What a store did against a rule, and where the suite noticed.

use std::{
    fmt::{self, Debug, Display},
    panic::Location,
};

use crate::error::Chain;

/// What a rule ends with.
pub type Outcome<T = ()> = Result<T, Failure>;

/// How a store broke a rule.
///
/// Its debug form is the text as well, for that is what a failing test prints.
pub struct Failure {
    text: String,
    at: &'static Location<'static>,
}

impl Failure {
    /// Longer values are cut: a failure must stay readable.
    const SHOWN: usize = 3_000;

    /// Tells what was wrong, as noticed by the caller.
    #[track_caller]
    pub fn new(text: impl Display) -> Self {
        Self { text: text.to_string(), at: Location::caller() }
    }

    /// Tells something more about it.
    #[must_use]
    pub fn and(mut self, more: impl Display) -> Self {
        self.text = format!("{}\n    {more}", self.text);
        self
    }
}

/// Any error within a rule breaks it.
impl<E: std::error::Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::new(Chain(&error))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    at {}", self.text, self.at)
    }
}

impl Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Demands that something holds.
#[track_caller]
pub(in crate::testing) fn ensure(holds: bool, what: impl Display) -> Outcome {
    if holds { Ok(()) } else { Err(Failure::new(what)) }
}

/// Demands that what was found is what the rule says.
#[track_caller]
pub(in crate::testing) fn equal<T, U>(found: &T, wanted: &U, what: impl Display) -> Outcome
where
    T: PartialEq<U> + Debug + ?Sized,
    U: Debug + ?Sized,
{
    if found == wanted {
        return Ok(());
    }
    Err(Failure::new(format_args!(
        "{what}\n     found: {}\n    wanted: {}",
        cut(found),
        cut(wanted)
    )))
}

fn cut(value: &(impl Debug + ?Sized)) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(Failure::SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
