//! Stores whose transactions a projection can write tables of its own in.

use std::{any::Any, error::Error as StdError, fmt, sync::Arc};

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
    fn answer(outcome: BoxFuture<'_, Result<(), BoxError>>) -> Self::Answer<'_>;
}

/// A piece of a projection's work.
#[doc(hidden)]
pub struct Job<P: SqlProjection> {
    pub projection: Arc<P>,
    pub view: ViewId,
    pub task: Task<P>,
}

/// What is to be done.
#[doc(hidden)]
pub enum Task<P: SqlProjection> {
    /// Handle events and move the checkpoint on.
    Take(Portion<P>),
    /// Empty the tables and forget the checkpoint.
    Reset,
}

/// Events to be handled in one transaction, or as many of them as there is time for.
#[doc(hidden)]
pub struct Portion<P: SqlProjection> {
    /// The stored checkpoint; 0 for a projection that has none.
    pub from: Id,
    pub events: Arc<Vec<Box<dyn Taken<P>>>>,
    /// How many of them are done already.
    pub done: usize,
    /// How many of them are to be done; those behind are not to be touched.
    pub until: usize,
    /// The checkpoint when all are handled.
    pub to: Id,
}

/// How far a piece of work came.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Worked {
    /// The checkpoint that is stored.
    pub checkpoint: Id,
    /// How many of the events are done.
    pub done: usize,
}

impl<P: SqlProjection> Job<P> {
    /// The error of a handler, told with its event.
    pub fn failed(&self, event: &dyn Taken<P>, source: BoxError) -> Error {
        let (id, stream) = event.place();
        Error::Handler { view: self.view.to_string(), id, stream: stream.clone(), source }
    }

    /// The error of a handler that panicked.
    pub fn panicked(&self, event: &dyn Taken<P>, panic: &(dyn Any + Send)) -> Error {
        let (view, id) = (self.view.to_string(), event.place().0);
        Error::Panicked { view, id, message: message(panic) }
    }

    /// The error of `create` or `reset`.
    pub fn unmade(&self, method: &'static str, source: BoxError) -> Error {
        Error::Tables { view: self.view.to_string(), method, source }
    }

    /// The error of `create` or `reset` when it panicked.
    pub fn panicked_in(&self, method: &'static str, panic: &(dyn Any + Send)) -> Error {
        self.unmade(method, format!("it panicked: {}", message(panic)).into())
    }

    /// The refusal to reset tables without being told how.
    pub fn no_reset(&self) -> Error {
        let why = "it has no `fn reset(&self, tx)` that empties or drops its tables, and to write \
                   every event again into what is there would double it";
        self.unmade("reset", why.into())
    }

    /// The refusal of a version that a newer one has taken over.
    pub fn superseded(&self, newest: u32) -> Error {
        Error::Superseded { view: self.view.to_string(), newest }
    }

    /// The refusal of a worker that another was faster than.
    pub fn stale(&self, expected: Id, actual: Id) -> Error {
        Error::Stale { view: self.view.to_string(), expected, actual }
    }
}

impl<P: SqlProjection> Portion<P> {
    /// The events that are still to be handled.
    pub fn left(&self) -> impl Iterator<Item = &dyn Taken<P>> {
        self.events.iter().take(self.until).skip(self.done).map(AsRef::as_ref)
    }

    /// What is reached when so many events more are handled.
    pub fn reached(&self, handled: usize) -> Worked {
        let done = self.done + handled;
        let last = self.events.get(done.saturating_sub(1)).map(|event| event.place().0);
        let checkpoint = match last {
            Some(last) if done < self.events.len() => last,
            _ => self.to,
        };
        Worked { checkpoint, done }
    }
}

/// The text of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}

impl<P: SqlProjection> fmt::Debug for Portion<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, .. } = self;
        f.debug_struct("Portion").field("from", from).field("to", to).finish_non_exhaustive()
    }
}
