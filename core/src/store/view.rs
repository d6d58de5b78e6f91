//! The documents of projections and their checkpoint, which commit together.

use std::{borrow::Cow, fmt};

use crate::{
    Id, Json, Result,
    store::{BoxFuture, Lease},
};

/// Which projection, in which version of its fold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ViewId {
    /// The projection's name.
    pub name: Cow<'static, str>,
    /// The version of its fold.
    pub version: u32,
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (version {})", self.name, self.version)
    }
}

/// One stored document; `None` deletes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Which of the projection's documents; empty for the only one.
    pub key: String,
    /// Its content.
    pub data: Option<Json>,
}

/// What a projection commits: documents and the checkpoint, together or not at all.
#[derive(Clone, Debug)]
pub struct ViewCommit {
    /// Which projection.
    pub view: ViewId,
    /// The checkpoint that must be the stored one; 0 for a projection that has none.
    pub from: Id,
    /// The new checkpoint.
    pub to: Id,
    /// The documents that changed.
    pub documents: Vec<Document>,
    /// The lease under which the work was done; a stale one is refused.
    pub lease: Option<Lease>,
}

/// Keeps documents and checkpoints.
///
/// They lie in the database of the log, so that a backup holds all of it as of one moment, and a
/// restore brings all of it back: no checkpoint is ever that of another log. Where somebody puts an
/// older log alone under newer checkpoints, by hand, a projection stops with
/// [`Error::Ahead`](crate::Error::Ahead) while the log ends before its checkpoint; once the log has
/// grown past it, nothing tells any more, so the projections must be reset with the restore. A
/// store that keeps documents elsewhere has to tell by itself that its log is another.
pub trait Views: Send + Sync + 'static {
    /// The id up to which a projection has seen the log; 0 when it has not begun.
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>>;

    /// One document, together with the checkpoint at which it was read.
    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>>;

    /// Lists documents: those whose key starts with `prefix` and is greater than `after`, by
    /// increasing key, at most `limit`.
    ///
    /// Keys are compared byte for byte, as `str` is; no character stands for others. The empty
    /// prefix starts every key. `None` begins with the first key; the key of the last document of
    /// a page asks for the next page, and a page shorter than `limit` is the last one.
    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>>;

    /// Lists what is stored: each view with its checkpoint, by name (byte for byte) and version.
    ///
    /// A view is listed from its first commit until it is reset. One whose first commit was refused
    /// may be listed as well, with the checkpoint 0 and no documents.
    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>>;

    /// Stores documents and checkpoint in one transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`](crate::Error::Stale) when the stored checkpoint is not `from`, so that of
    /// two workers one is refused; [`Error::Fenced`](crate::Error::Fenced) when the lease is not
    /// the current one. Nothing is stored then.
    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>>;

    /// Forgets a projection: its documents and its checkpoint.
    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>>;
}
