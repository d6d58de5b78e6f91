//! SQL projections: handlers that write tables of their own, in the back end's own transaction.
//!
//! The checkpoint is written in the same transaction, so every event counts exactly once.

use std::fmt;

use crate::{
    Committed, Event, Id, Result, StreamId,
    event::Kind,
    store::{BoxError, SqlStore},
};

/// A read model in tables of one's own, written from events of any streams.
///
/// Written by `#[projection]` for the methods `fn(&self, &Committed<E>, &SqliteTransaction<'_>)`
/// of an `impl` block, or `async fn(&self, &Committed<E>, &PostgresTransaction<'_>)`.
///
#[doc = include_str!("../docs/sql_projections.md")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a SQL projection",
    label = "this is not a SQL projection",
    note = "write `#[projection] impl {Self} {{ fn name(&self, event: &Committed<SomeEvent>, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {{ … }} }}`"
)]
pub trait SqlProjection: Send + Sync + Sized + 'static {
    /// The store whose transactions the handlers take.
    type Store: SqlStore;

    /// The name its checkpoint is stored under: that of the type, or `#[projection(name = "…")]`.
    const NAME: &'static str;

    /// The version of the handlers; a new one resets the tables and begins anew.
    const VERSION: u32;

    /// The doc comment of the block.
    const DOCS: &'static str;

    /// One for each event type it takes.
    const HANDLERS: &'static [SqlHandler<Self>];

    /// Makes the tables, by `fn create`.
    #[doc(hidden)]
    fn create_tables<'a>(&'a self, _: &'a Tx<'a, Self>) -> Option<Answer<'a, Self>> {
        None
    }

    /// Empties or drops the tables, by `fn reset`.
    #[doc(hidden)]
    fn reset_tables<'a>(&'a self, _: &'a Tx<'a, Self>) -> Option<Answer<'a, Self>> {
        None
    }
}

/// What a handler of `P` writes with.
#[doc(hidden)]
pub type Tx<'a, P> = <<P as SqlProjection>::Store as SqlStore>::Transaction<'a>;

/// What a handler of `P` answers.
#[doc(hidden)]
pub type Answer<'a, P> = <<P as SqlProjection>::Store as SqlStore>::Answer<'a>;

/// How one event type is written by a SQL projection.
pub struct SqlHandler<P: SqlProjection> {
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// What is known of the event type.
    pub event: Kind,
    decode: fn(Committed) -> Result<Box<dyn Taken<P>>>,
}

/// A method of a SQL projection as the macro hands it over.
#[doc(hidden)]
pub trait SqlHandles<E>: SqlProjection {
    fn handle<'a>(&'a self, event: &'a Committed<E>, tx: &'a Tx<'a, Self>) -> Answer<'a, Self>;
}

/// A decoded event that waits for a transaction. It may be handled again after a rollback.
#[doc(hidden)]
pub trait Taken<P: SqlProjection>: Send + Sync {
    fn place(&self) -> (Id, &StreamId);
    fn handle<'a>(&'a self, projection: &'a P, tx: &'a Tx<'a, P>) -> Answer<'a, P>;
}

impl<P: SqlProjection> SqlHandler<P> {
    /// The handler for the event type `E`.
    #[doc(hidden)]
    pub const fn of<E: Event>(method: &'static str, docs: &'static str) -> Self
    where
        P: SqlHandles<E>,
    {
        Self { method, docs, event: Kind::of::<E>(), decode: decode::<P, E> }
    }

    /// Decodes an event for the handler.
    pub(crate) fn decode(&self, event: Committed) -> Result<Box<dyn Taken<P>>> {
        (self.decode)(event)
    }
}

fn decode<P: SqlHandles<E>, E: Event>(event: Committed) -> Result<Box<dyn Taken<P>>> {
    Ok(Box::new(event.decode::<E>()?))
}

impl<P: SqlHandles<E>, E: Event> Taken<P> for Committed<E> {
    fn place(&self) -> (Id, &StreamId) {
        (self.id, &self.stream)
    }

    fn handle<'a>(&'a self, projection: &'a P, tx: &'a Tx<'a, P>) -> Answer<'a, P> {
        SqlHandles::handle(projection, self, tx)
    }
}

impl<P: SqlProjection> fmt::Debug for SqlHandler<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlHandler").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What a method of a SQL projection returns: `Result<(), E>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a method of a SQL projection returns `Result<(), error>`, not `{Self}`",
    label = "not a `Result<(), error>`",
    note = "its statements can fail: return `rusqlite::Result<()>`, `Result<(), tokio_postgres::Error>` or `Result<(), SomeError>`"
)]
pub trait Answered {
    fn answered(self) -> Result<(), BoxError>;
}

impl<E: Into<BoxError>> Answered for Result<(), E> {
    fn answered(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}
