//! Stores whose transactions a projection can write tables of its own in.

use std::{any::Any, error::Error as StdError, sync::Arc};

use crate::{
    Error, Id, Result,
    projection::{SqlProjection, Taken},
    store::{BoxFuture, Store, ViewId},
};

/// Any error of a handler.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A store whose transactions a projection can write tables of its own in: `Sqlite` and
/// `Postgres`.
pub trait SqlStore: Store + Clone + Sealed {
    /// What a handler writes with.
    type Transaction<'a>: 'a;

    /// What a handler answers, at once or later.
    #[doc(hidden)]
    type Answer<'a>;

    /// Does one piece of a projection's work in one transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] when the stored checkpoint is not the expected one,
    /// [`Error::Superseded`] when a newer version of the projection has begun,
    /// [`Error::Handler`] and [`Error::Panicked`] for what the projection's own methods do.
    /// Nothing is stored then. After [`Error::Store`] the outcome may be open.
    #[doc(hidden)]
    fn work<P: SqlProjection<Store = Self>>(&self, job: Job<P>) -> BoxFuture<'_, Result<Worked>>;
}

/// Keeps [`SqlStore`] to the stores of this crate: its transactions are theirs.
pub trait Sealed {}

/// What a handler takes belongs to a store.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transaction of a store",
    label = "this is not a transaction",
    note = "take `tx: &SqliteTransaction<'_>`, or `tx: &PostgresTransaction<'_>` in an `async fn`"
)]
pub trait SqlTransaction {
    type Store: SqlStore;
}

/// A store whose handlers are plain functions.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a method that takes a transaction of `{Self}` is an `async fn`",
    label = "write `async fn`",
    note = "the statements of `{Self}` are awaited, as in `tx.execute(\"…\", &[]).await?`"
)]
pub trait Blocking: SqlStore {
    fn answer<'a>(outcome: Result<(), BoxError>) -> Self::Answer<'a>;
}

/// A store whose handlers are `async fn`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a method that takes a transaction of `{Self}` is not `async`",
    label = "write `fn` without `async`",
    note = "the transaction of `{Self}` belongs to one thread, and nothing else may be awaited in it"
)]
pub trait Awaiting: SqlStore {
    fn answer<'a>(outcome: BoxFuture<'a, Result<(), BoxError>>) -> Self::Answer<'a>;
}

/// A piece of a projection's work.
#[doc(hidden)]
pub struct Job<P: SqlProjection> {
    pub(crate) projection: Arc<P>,
    pub(crate) view: ViewId,
    pub(crate) task: Task<P>,
}

/// What is to be done.
pub(crate) enum Task<P: SqlProjection> {
    /// Handle events and move the checkpoint on.
    Take(Portion<P>),
    /// Empty the tables and forget the checkpoint.
    Reset,
}

/// Events to be handled in one transaction, or as many of them as there is time for.
pub(crate) struct Portion<P: SqlProjection> {
    /// The stored checkpoint; 0 for a projection that has none.
    pub(crate) from: Id,
    pub(crate) events: Arc<Vec<Box<dyn Taken<P>>>>,
    /// How many of them are done already.
    pub(crate) done: usize,
    /// How many of them are to be done; those behind are not to be touched.
    pub(crate) until: usize,
    /// The checkpoint when all are handled.
    pub(crate) to: Id,
}

/// How far a piece of work came.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Worked {
    /// The checkpoint that is stored.
    pub(crate) checkpoint: Id,
    /// How many of the events are done.
    pub(crate) done: usize,
}

impl<P: SqlProjection> Portion<P> {
    /// The events that are still to be handled.
    pub(crate) fn left(&self) -> impl Iterator<Item = &dyn Taken<P>> {
        self.events.iter().take(self.until).skip(self.done).map(AsRef::as_ref)
    }

    /// What is reached when so many events more are handled.
    pub(crate) fn reached(&self, handled: usize) -> Worked {
        let done = self.done + handled;
        let last = self.events.get(done.saturating_sub(1)).map(|event| event.place().0);
        let checkpoint = match last {
            Some(last) if done < self.events.len() => last,
            _ => self.to,
        };
        Worked { checkpoint, done }
    }
}

/// The error of a handler, told with its event.
pub(crate) fn failed<P: SqlProjection>(
    view: &ViewId,
    event: &dyn Taken<P>,
    source: BoxError,
) -> Error {
    let (id, stream) = event.place();
    Error::Handler { view: view.to_string(), id, stream: stream.clone(), source }
}

/// The error of `create` or `reset`.
pub(crate) fn tables(view: &ViewId, method: &'static str, source: impl Into<BoxError>) -> Error {
    Error::Tables { view: view.to_string(), method, source: source.into() }
}

/// The refusal of a version of a projection that a newer one has taken over.
pub(crate) fn superseded(view: &ViewId, newest: u32) -> Error {
    Error::Superseded { view: view.to_string(), newest }
}

/// The refusal to reset tables without being told how.
pub(crate) fn no_reset(view: &ViewId) -> Error {
    let why = "it has no `fn reset(&self, tx)` that empties or drops its tables, and to write \
               every event again into what is there would double it";
    tables(view, "reset", why)
}

/// The error of a handler that panicked.
pub(crate) fn panicked<P: SqlProjection>(
    view: &ViewId,
    event: &dyn Taken<P>,
    panic: &(dyn Any + Send),
) -> Error {
    Error::Panicked { view: view.to_string(), id: event.place().0, message: message(panic) }
}

/// The text of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
