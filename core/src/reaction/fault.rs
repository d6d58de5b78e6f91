//! Why a handler came to nothing, and whether it is worth another try.

use std::{error::Error as StdError, fmt};

use crate::error::Chain;

/// Why a handler of a reaction came to nothing.
///
/// Every error becomes one by `?` and is tried again. What no further try can mend is said with
/// [`Fault::park`]: the stream is set aside at once.
///
/// ```
/// use actum::Fault;
///
/// fn charge(cents: &str) -> Result<u64, Fault> {
///     let cents: u64 = cents.parse()?; // tried again
///     if cents == 0 {
///         return Err(Fault::park("nothing to pay"));
///     }
///     Ok(cents)
/// }
/// assert!(!charge("").unwrap_err().is_permanent());
/// assert!(charge("0").unwrap_err().is_permanent());
/// ```
pub struct Fault {
    error: Box<dyn StdError + Send + Sync>,
    permanent: bool,
}

impl Fault {
    /// No further try can mend this: the stream is parked at once.
    pub fn park(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { error: error.into(), permanent: true }
    }

    /// A further try may mend this; what `?` makes of an error.
    pub fn retry(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { error: error.into(), permanent: false }
    }

    /// Whether the stream is parked at once.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// The text of the error and of all that caused it.
    pub(crate) fn text(&self) -> String {
        Chain(&*self.error).to_string()
    }
}

/// It is no error itself, so that every error can become one.
impl<E: StdError + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::retry(error)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// What a handler may fail with: [`Fault`], or any error.
#[diagnostic::on_unimplemented(
    message = "a handler of a reaction cannot fail with `{Self}`",
    label = "`{Self}` is not an error",
    note = "return `Result<(), Fault>`, or an error of your own that implements `std::error::Error`"
)]
pub trait IntoFault {
    #[doc(hidden)]
    fn into_fault(self) -> Fault;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Fault>> IntoFault for E {
    fn into_fault(self) -> Fault {
        self.into()
    }
}
