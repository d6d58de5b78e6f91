//! What the suite needs of a store under test.

use std::sync::Arc;

use crate::{
    Id, Result,
    store::{BoxFuture, Store},
};

/// A way to make stores of one kind.
///
/// Each test makes its own subject, so it may own what its stores need: a temporary folder, a
/// schema in a database, a server.
pub trait Subject: Send + Sync {
    /// Makes an empty store, apart from all that were made before.
    fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>>;
}

/// Stores that can be opened again, while they are open and after they were closed.
pub trait Reopen: Subject {
    /// Opens the place of the store that [`fresh`](Subject::fresh) made last once more, as
    /// another process would.
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>>;
}

/// Stores that can be made with their ids far up.
pub trait Positioned: Subject {
    /// Makes an empty store whose first event gets an id above this one.
    fn starting_after(&self, id: Id) -> BoxFuture<'_, Result<Arc<dyn Store>>>;
}
