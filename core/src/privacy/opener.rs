//! Opens personal values within a handler of a projection.

use std::cell::RefCell;

use serde::de::DeserializeOwned;

use super::{opened::Opened, personal::Personal, ring::Ring};
use crate::Result;

thread_local! {
    static LENT: RefCell<Option<Ring>> = const { RefCell::new(None) };
}

/// Opens the personal values of an event, for a handler of a projection.
///
/// A handler that takes it, `fn(&mut self, &Committed<E>, &Opener) -> actum::Result<()>`, can put
/// clear values into the document. So its projection must handle [`Forgotten`](super::Forgotten)
/// as well, and take them out again: without such a handler it does not compile.
///
/// A projection that only moves a [`Personal`] on needs none: its document is sealed, too.
#[derive(Clone)]
pub struct Opener {
    ring: Option<Ring>,
}

impl Opener {
    /// The opener of the event at hand.
    #[doc(hidden)]
    pub fn current() -> Self {
        Self { ring: LENT.with_borrow(Clone::clone) }
    }

    /// Opens a value of the event.
    ///
    /// # Errors
    ///
    /// [`Error::Personal`](crate::Error::Personal) for a value that was altered or is of another
    /// type, and for one whose subject does not occur in this event. Hand it on by `?`: it stops
    /// the projection and names the event.
    pub fn open<T: DeserializeOwned>(&self, personal: &Personal<T>) -> Result<Opened<T>> {
        let empty = Ring::Of(std::sync::Arc::default());
        Ok(personal.open(self.ring.as_ref().unwrap_or(&empty))?)
    }
}

/// Lends keys to the openers that are made meanwhile, also when the work panics.
pub(super) fn lend<T>(ring: Option<Ring>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Ring>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LENT.set(self.0.take());
        }
    }
    let _restore = Restore(LENT.replace(ring));
    work()
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}
