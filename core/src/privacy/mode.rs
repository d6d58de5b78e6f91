//! How personal values are written on this thread just now: by default, not at all.
//!
//! Serialising is synchronous and fetching a key is not. So a value that is still clear refuses to
//! be written and leaves a note; whoever is in charge then collects the subjects, fetches their
//! keys and writes again. What has no personal values never gets to any of this.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    sync::OnceLock,
};

use zeroize::Zeroizing;

use super::{
    cipher::{self, Key, NONCE},
    ring::Ring,
    sealed::Sealed,
    subject::Subject,
};

thread_local! {
    static MODE: RefCell<Mode> = const { RefCell::new(Mode::Refuse) };
    static WANTED: Cell<bool> = const { Cell::new(false) };
}

/// How a clear value is written.
enum Mode {
    /// Not at all.
    Refuse,
    /// As nothing, noting its subject.
    Collect(BTreeSet<Subject>),
    /// Sealed with the key of its subject.
    Seal(Ring),
    /// Sealed with a key that goes with the process, equal values to equal texts.
    Pretend,
}

/// Why a clear value is not written.
const REFUSED: &str = "a personal value is written only as part of an event that an action emits; \
    let the input of the action carry the plain value, and make the `Personal` in the action";

/// Writes a clear value in the form that is due.
pub(super) fn write(subject: &Subject, text: &[u8]) -> Result<Sealed, &'static str> {
    let ring = MODE.with_borrow_mut(|mode| match mode {
        Mode::Refuse => {
            WANTED.set(true);
            Err(REFUSED)
        }
        Mode::Collect(subjects) => {
            subjects.insert(subject.clone());
            Ok(Written::Sealed(Sealed::nothing()))
        }
        Mode::Seal(ring) => Ok(Written::By(ring.clone())),
        Mode::Pretend => Ok(Written::Pretended),
    })?;
    let sealed = match ring {
        Written::Sealed(sealed) => Some(sealed),
        Written::By(ring) => ring.seal(subject, text)?,
        Written::Pretended => {
            let key = pretended_key(subject);
            Sealed::new(subject, 1, &key, pretended_nonce(&key, text), text)
        }
    };
    sealed.ok_or("it is too large to be sealed")
}

enum Written {
    Sealed(Sealed),
    By(Ring),
    Pretended,
}

/// Whether a clear value has refused to be written on this thread since this was last asked.
pub(crate) fn is_wanted() -> bool {
    WANTED.take()
}

/// Notes whose values are written.
pub(super) fn collect<T>(write: impl FnOnce() -> T) -> BTreeSet<Subject> {
    match within(Mode::Collect(BTreeSet::new()), write).1 {
        Mode::Collect(subjects) => subjects,
        Mode::Refuse | Mode::Seal(_) | Mode::Pretend => BTreeSet::new(),
    }
}

/// Seals what is written.
pub(super) fn seal<T>(ring: Ring, write: impl FnOnce() -> T) -> T {
    within(Mode::Seal(ring), write).0
}

/// Writes what is never stored: the keys are this process's own and nobody else's.
pub(crate) fn pretend<T>(write: impl FnOnce() -> T) -> T {
    within(Mode::Pretend, write).0
}

/// Works in a mode and gives it back with what it has gathered, also when the work panics.
fn within<T>(mode: Mode, work: impl FnOnce() -> T) -> (T, Mode) {
    struct Restore(Option<Mode>);
    impl Restore {
        fn restore(&mut self) -> Mode {
            self.0.take().map_or(Mode::Refuse, |before| MODE.replace(before))
        }
    }
    impl Drop for Restore {
        fn drop(&mut self) {
            self.restore();
        }
    }
    let mut restore = Restore(Some(MODE.replace(mode)));
    let done = work();
    (done, restore.restore())
}

/// The pretended key of a subject.
pub(super) fn pretended_key(subject: &Subject) -> Key {
    static SECRET: OnceLock<Key> = OnceLock::new();
    // Without random numbers the keys are known, but nothing sealed with them is ever stored.
    let secret = SECRET.get_or_init(|| cipher::new_key().unwrap_or_default());
    Zeroizing::new(*blake3::keyed_hash(secret, subject.as_str().as_bytes()).as_bytes())
}

fn pretended_nonce(key: &Key, text: &[u8]) -> [u8; NONCE] {
    let hash = blake3::keyed_hash(key, text);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}
