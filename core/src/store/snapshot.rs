//! Snapshots: a stored state at a version. They only make things faster.

use crate::{Id, Json, Result, StreamId, Version, store::BoxFuture};

/// The latest state of a stream that was put aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The stream.
    pub stream: StreamId,
    /// The version the state is at.
    pub version: Version,
    /// The id of the last event folded into it.
    pub id: Id,
    /// Stands for the shape of the state; one that differs is ignored.
    pub fingerprint: String,
    /// The state.
    pub state: Json,
}

/// Keeps the latest snapshot of each stream.
pub trait Snapshots: Send + Sync + 'static {
    /// The latest snapshot of a stream.
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>>;

    /// Lists the latest snapshots: those of streams whose name is greater than `after`, by
    /// increasing name, byte for byte, at most `limit`.
    ///
    /// `None` begins with the first; a page shorter than `limit` is the last one.
    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>>;

    /// Keeps a snapshot in place of the one before; one of a lower version than the one kept
    /// with the same fingerprint is dropped.
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>>;
}
