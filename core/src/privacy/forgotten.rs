//! The tombstone, and who must handle it.

use serde::{Deserialize, Serialize};

use crate::{DecodeError, Event, projection::Handles};

/// The category of the tombstones' streams. The macros refuse names that begin with `$`, so no
/// aggregate has it.
pub(crate) const CATEGORY: &str = "$subject";

/// A subject was forgotten: its personal values are gone.
///
/// [`App::forget`](crate::App::forget) appends it, to the stream `$subject-<id>`. When it can be
/// read, the key of the subject is gone already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// The subject.
    pub subject: String,
}

// Not told to those whose own type is no event yet.
#[diagnostic::do_not_recommend]
impl Event for Forgotten {
    const NAME: &'static str = "$forgotten";
    const VERSION: u32 = 1;
    const DOCS: &'static str = "A subject was forgotten: its personal values are gone.";

    fn decode(version: u32, data: &[u8]) -> Result<Self, DecodeError> {
        crate::__private::decode_only(version, data)
    }
}

/// A projection that opens personal values; written by `#[projection]`.
#[doc(hidden)]
pub trait OpensPersonal: HandlesForgotten {}

/// What a projection that opens personal values must do.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` opens personal values and does not handle `Forgotten`",
    label = "it keeps what must be forgotten",
    note = "a value that was opened stays in the document when its subject is forgotten; take it out there: `fn forgotten(&mut self, event: &Committed<Forgotten>) {{ … }}`"
)]
pub trait HandlesForgotten {}

#[diagnostic::do_not_recommend]
impl<P: Handles<Forgotten>> HandlesForgotten for P {}
