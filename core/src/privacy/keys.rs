//! The port of a key store.

use std::{fmt, sync::Arc};

use super::subject::Subject;
use crate::{Result, store::BoxFuture};

/// The key of a subject as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The subject.
    pub subject: Subject,
    /// Which of its keys this is, from 1; a subject that is let in again gets the next.
    pub generation: u64,
    /// The key, or that it is gone.
    pub state: KeyState,
}

/// A key, or that it is gone.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyState {
    /// The key, wrapped by an envelope.
    Held {
        /// The id of the envelope key.
        envelope: String,
        /// The wrapped key.
        wrapped: Vec<u8>,
    },
    /// The key was deleted.
    Forgotten {
        /// Whether the tombstone is in the log.
        told: bool,
    },
}

/// Keeps the newest key of each subject, best apart from the log and its backups.
///
/// A back end translates; what the keys mean is for the [`Vault`](super::Vault) to say.
pub trait Keys: Send + Sync + 'static {
    /// The keys of these subjects, in any order; nothing for those that are not known.
    fn find<'a>(&'a self, subjects: &'a [Subject]) -> BoxFuture<'a, Result<Vec<StoredKey>>>;

    /// Puts a key in place of another of the same subject, or of none; `false`, and nothing is
    /// changed, when something else than `before` is stored.
    ///
    /// When it is answered, the change survives a crash, and a wrapped key that was replaced is
    /// gone from the files of the key store, as far as the back end can see to that.
    fn replace<'a>(
        &'a self,
        before: Option<&'a StoredKey>,
        after: &'a StoredKey,
    ) -> BoxFuture<'a, Result<bool>>;

    /// Lists the keys of subjects greater than `after`, by increasing subject, byte for byte, at
    /// most `limit`.
    fn list<'a>(
        &'a self,
        after: Option<&'a Subject>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<StoredKey>>>;

    /// Lists subjects that are forgotten and of which the log was not told, at most `limit`.
    fn untold(&self, limit: u64) -> BoxFuture<'_, Result<Vec<StoredKey>>>;
}

impl<K: Keys + ?Sized> Keys for Arc<K> {
    fn find<'a>(&'a self, subjects: &'a [Subject]) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        (**self).find(subjects)
    }

    fn replace<'a>(
        &'a self,
        before: Option<&'a StoredKey>,
        after: &'a StoredKey,
    ) -> BoxFuture<'a, Result<bool>> {
        (**self).replace(before, after)
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a Subject>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        (**self).list(after, limit)
    }

    fn untold(&self, limit: u64) -> BoxFuture<'_, Result<Vec<StoredKey>>> {
        (**self).untold(limit)
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, generation, state } = self;
        write!(f, "key {generation} of {subject:?}: {state:?}")
    }
}

impl fmt::Debug for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { envelope, .. } => write!(f, "wrapped by {envelope}"),
            Self::Forgotten { told: true } => f.write_str("forgotten"),
            Self::Forgotten { told: false } => f.write_str("forgotten, the log was not told"),
        }
    }
}
