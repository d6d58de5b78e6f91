//! What a personal value turns out to be.

use std::fmt;

/// What a personal value turns out to be when it is opened.
///
/// It cannot be printed or serialised as a whole: take the value out where it is needed.
///
/// ```
/// use actum::privacy::Opened;
///
/// let name = Opened::Value("Ann".to_owned());
/// assert_eq!(format!("{name:?}"), "Value(…)");
/// assert_eq!(name.value().as_deref(), Some("Ann"));
/// assert_eq!(Opened::<String>::Forgotten.value(), None);
/// ```
#[must_use = "it may have been forgotten"]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Opened<T> {
    /// The value, in clear.
    Value(T),
    /// The subject was forgotten; there is no value any more, here or anywhere.
    Forgotten,
}

impl<T> Opened<T> {
    /// The value, unless it was forgotten.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Forgotten => None,
        }
    }

    /// Whether the subject was forgotten.
    pub const fn is_forgotten(&self) -> bool {
        matches!(self, Self::Forgotten)
    }
}

impl<T> fmt::Debug for Opened<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value(…)",
            Self::Forgotten => "Forgotten",
        })
    }
}
