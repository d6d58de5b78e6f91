//! Whom a personal value is about.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use crate::PersonalError;

/// Whom a personal value is about, by an opaque id.
///
/// It is stored in clear beside every sealed value, in the key store and in the tombstone, and
/// outlives the forgetting. So let it tell nothing about the person: a number or a UUID of a
/// customer, never a name or an address.
///
/// ```
/// use actum::privacy::Subject;
///
/// let subject: Subject = "customer-17".parse()?;
/// assert_eq!(subject.as_str(), "customer-17");
/// assert!("".parse::<Subject>().is_err());
/// # Ok::<(), actum::PersonalError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Arc<str>);

impl Subject {
    /// The longest id a subject may have, in bytes.
    pub const MAX_LEN: usize = 255;

    /// Names a subject.
    ///
    /// # Errors
    ///
    /// [`PersonalError::InvalidSubject`] for an id that is empty, longer than 255 bytes or
    /// contains a control character.
    pub fn new(id: impl fmt::Display) -> Result<Self, PersonalError> {
        id.to_string().parse()
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = PersonalError;

    fn from_str(id: &str) -> Result<Self, PersonalError> {
        let why = if id.is_empty() {
            "it is empty"
        } else if id.len() > Self::MAX_LEN {
            "it is longer than 255 bytes"
        } else if id.chars().any(char::is_control) {
            "it contains a control character"
        } else {
            return Ok(Self(id.into()));
        };
        Err(PersonalError::InvalidSubject { name: id.chars().take(80).collect(), why })
    }
}

impl Borrow<str> for Subject {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
