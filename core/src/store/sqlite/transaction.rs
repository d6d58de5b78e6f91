//! The work of SQL projections on the writer's thread.
//!
//! It is one more change in a group: behind a savepoint, so that it fails alone, and sharing the
//! group's fsync. It ends after a short time, so that appends wait no longer than that.

use std::{
    error::Error as StdError,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Connection, Params, Row, Statement, params};
use tokio::sync::oneshot;

use super::{
    Sqlite,
    append::number,
    change::Change,
    failure::Failure,
    guard::{Guard, Lent},
    reader::received,
    views,
    writer::Request,
};
use crate::{
    Id, Result,
    projection::{SqlProjection, Taken},
    store::{
        BoxError, BoxFuture, SqlStore,
        sql::{Blocking, Job, Portion, Sealed, SqlTransaction, Task, Worked},
    },
};

/// How long a projection works at most before it leaves the writer to others.
const TURN: Duration = Duration::from_millis(1);

const ACTION: &str = "run a SQL projection";

/// The writer's transaction, lent to a method of a SQL projection.
///
/// The methods are those of [`rusqlite::Connection`], without what would end or outlive the
/// transaction; `prepare_cached` saves most of the time of a statement. A statement that begins or
/// ends a transaction, or changes what belongs to the store, is refused, and stops the projection.
///
/// The method runs on the thread that writes: whatever takes long there delays every append.
#[derive(Debug)]
pub struct SqliteTransaction<'a>(&'a Connection);

impl SqliteTransaction<'_> {
    /// Runs one statement; how many rows it changed.
    pub fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.0.prepare_cached(sql)?.execute(params)
    }

    /// Runs several statements that take no parameters.
    pub fn execute_batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.0.execute_batch(sql)
    }

    /// Reads one row.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.0.prepare_cached(sql)?.query_row(params, read)
    }

    /// Prepares a statement.
    pub fn prepare(&self, sql: &str) -> rusqlite::Result<Statement<'_>> {
        self.0.prepare(sql)
    }

    /// Prepares a statement, or takes it from the cache of the connection.
    pub fn prepare_cached(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.0.prepare_cached(sql)
    }

    /// The number of the row that was inserted last.
    pub fn last_insert_rowid(&self) -> i64 {
        self.0.last_insert_rowid()
    }
}

impl SqlTransaction for SqliteTransaction<'_> {
    type Store = Sqlite;
}

impl Sealed for Sqlite {}

impl Blocking for Sqlite {
    fn answer<'a>(outcome: Result<(), BoxError>) -> Self::Answer<'a> {
        outcome
    }
}

impl SqlStore for Sqlite {
    type Transaction<'a> = SqliteTransaction<'a>;
    type Answer<'a> = Result<(), BoxError>;

    fn work<P: SqlProjection<Store = Self>>(&self, job: Job<P>) -> BoxFuture<'_, Result<Worked>> {
        Box::pin(async move {
            let (reply, receiver) = oneshot::channel();
            let guard = self.0.guard.clone();
            let turn = Turn { job, guard, outcome: None, reply };
            self.send(Request::Change(Box::new(turn)))?;
            received(receiver).await
        })
    }
}

/// A piece of work that waits for its group.
struct Turn<P: SqlProjection> {
    job: Job<P>,
    guard: Guard,
    outcome: Option<Result<Worked>>,
    reply: oneshot::Sender<Result<Worked>>,
}

impl<P: SqlProjection<Store = Sqlite>> Change for Turn<P> {
    fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        connection.execute_batch("SAVEPOINT actum_projection")?;
        let outcome = self.attempt(connection);
        if connection.is_autocommit() {
            // With the transaction went what others of the group had written in it.
            self.outcome = outcome.ok();
            return Err(Failure::Ended);
        }
        let outcome = outcome?;
        let end = match outcome {
            Ok(_) => "RELEASE actum_projection",
            Err(_) => "ROLLBACK TO actum_projection; RELEASE actum_projection",
        };
        connection.execute_batch(end)?;
        self.outcome = Some(outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let Self { outcome, reply, .. } = *self;
        let outcome = match (failure, outcome) {
            // It has ended the transaction itself, and its own error tells how.
            (Some(Failure::Ended), Some(Err(error))) => Err(error),
            (Some(failure), _) => Err(failure.clone().into_error(ACTION)),
            (None, Some(outcome)) => outcome,
            (None, None) => return,
        };
        // Who no longer waits needs no answer.
        let _ = reply.send(outcome);
    }
}

impl<P: SqlProjection<Store = Sqlite>> Turn<P> {
    fn attempt(&self, connection: &Connection) -> Result<Result<Worked>, Failure> {
        let view = &self.job.view;
        let newest: Option<u32> = connection
            .prepare_cached("SELECT max(version) FROM view WHERE name = ?1")?
            .query_row([&view.name], |row| row.get(0))?;
        if let Some(newest) = newest.filter(|newest| *newest > view.version) {
            return Ok(Err(self.job.superseded(newest)));
        }
        match &self.job.task {
            Task::Take(portion) => self.take(connection, portion, newest),
            Task::Reset => self.reset(connection),
        }
    }

    fn take(
        &self,
        connection: &Connection,
        portion: &Portion<P>,
        newest: Option<u32>,
    ) -> Result<Result<Worked>, Failure> {
        let view = &self.job.view;
        let known = views::stored(connection, view)?;
        let actual = known.map_or(Id(0), |(_, checkpoint)| checkpoint);
        if actual != portion.from {
            return Ok(Err(self.job.stale(portion.from, actual)));
        }
        let row = match known {
            Some((row, _)) => row,
            None => match self.begin(connection, newest.is_some())? {
                Ok(row) => row,
                Err(error) => return Ok(Err(error)),
            },
        };
        let lent = self.guard.lend();
        let (begun, mut handled) = (Instant::now(), 0);
        for event in portion.left() {
            if let Err(error) = self.handle(connection, &lent, event)? {
                return Ok(Err(error));
            }
            handled += 1;
            if begun.elapsed() > TURN {
                break;
            }
        }
        drop(lent);
        let worked = portion.reached(handled);
        connection
            .prepare_cached("UPDATE view SET checkpoint = ?2 WHERE id = ?1")?
            .execute([row, number(worked.checkpoint.0)?])?;
        Ok(Ok(worked))
    }

    /// Makes the tables; those of an older version go first.
    fn begin(&self, connection: &Connection, is_older: bool) -> Result<Result<i64>, Failure> {
        let view = &self.job.view;
        if is_older && let Err(error) = self.reset(connection)? {
            return Ok(Err(error));
        }
        let transaction = SqliteTransaction(connection);
        let create = || self.job.projection.create_tables(&transaction);
        if let Some(Err(error)) = self.step(connection, "create", create)? {
            return Ok(Err(error));
        }
        Ok(Ok(connection
            .prepare_cached("INSERT INTO view (name, version, checkpoint) VALUES (?1, ?2, 0)")?
            .insert(params![view.name, view.version])?))
    }

    /// Empties the tables and forgets all versions up to this one.
    fn reset(&self, connection: &Connection) -> Result<Result<Worked>, Failure> {
        let view = &self.job.view;
        let transaction = SqliteTransaction(connection);
        let reset = || self.job.projection.reset_tables(&transaction);
        match self.step(connection, "reset", reset)? {
            None => return Ok(Err(self.job.no_reset())),
            Some(Err(error)) => return Ok(Err(error)),
            Some(Ok(())) => {}
        }
        connection.prepare_cached("DELETE FROM view WHERE name = ?1")?.execute([&view.name])?;
        Ok(Ok(Worked { checkpoint: Id(0), done: 0 }))
    }

    /// Runs `create` or `reset`; `None` when there is no such method.
    fn step(
        &self,
        connection: &Connection,
        method: &'static str,
        run: impl FnOnce() -> Option<Result<(), BoxError>>,
    ) -> Result<Option<Result<()>>, Failure> {
        let lent = self.guard.lend();
        let outcome = catch_unwind(AssertUnwindSafe(run));
        let refusal = refusal(connection, &lent);
        drop(lent);
        let outcome = match outcome {
            Ok(None) => return Ok(None),
            Ok(Some(outcome)) => outcome,
            Err(panic) => {
                return Ok(Some(Err(self.job.panicked_in(method, panic.as_ref()))));
            }
        };
        let outcome = refused(outcome, refusal);
        let Err(source) = outcome else { return Ok(Some(Ok(()))) };
        if let Some(failure) = transient(&*source) {
            return spoilt(failure).map(|failure| Some(Err(failure.into_error(ACTION))));
        }
        Ok(Some(Err(self.job.unmade(method, source))))
    }

    fn handle(
        &self,
        connection: &Connection,
        lent: &Lent<'_>,
        event: &dyn Taken<P>,
    ) -> Result<Result<()>, Failure> {
        let transaction = SqliteTransaction(connection);
        let handle = || event.handle(&self.job.projection, &transaction);
        let outcome = match catch_unwind(AssertUnwindSafe(handle)) {
            Ok(outcome) => outcome,
            Err(panic) => return Ok(Err(self.job.panicked(event, panic.as_ref()))),
        };
        let Err(source) = refused(outcome, refusal(connection, lent)) else { return Ok(Ok(())) };
        if let Some(failure) = transient(&*source) {
            return spoilt(failure).map(|failure| Err(failure.into_error(ACTION)));
        }
        Ok(Err(self.job.failed(event, source)))
    }
}

/// What a method did that it may not, even if it hid it.
fn refusal(connection: &Connection, lent: &Lent<'_>) -> Option<String> {
    let ended = || "it rolled back the transaction that it was lent".to_owned();
    lent.refusal().or_else(|| connection.is_autocommit().then(ended))
}

fn refused(outcome: Result<(), BoxError>, refusal: Option<String>) -> Result<(), BoxError> {
    match refusal {
        None => outcome,
        Some(why) => Err(Box::new(Refused { why, source: outcome.err() })),
    }
}

/// A statement that a projection may not run.
#[derive(Debug)]
struct Refused {
    why: String,
    source: Option<BoxError>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl StdError for Refused {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The failure of the file, if that is what lies under a handler's error: it may pass.
fn transient(error: &(dyn StdError + 'static)) -> Option<Failure> {
    if error.is::<Refused>() {
        return None;
    }
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rusqlite::Error::SqliteFailure(code, text)) = error.downcast_ref() {
            let failure = Failure::from(rusqlite::Error::SqliteFailure(*code, text.clone()));
            let passes = failure.is_busy() || failure.is_full() || failure.spoils_connection();
            return passes.then_some(failure);
        }
        next = error.source();
    }
    None
}

/// What spoils the connection befalls the whole group; the rest is this projection's alone.
fn spoilt(failure: Failure) -> Result<Failure, Failure> {
    if failure.spoils_connection() { Err(failure) } else { Ok(failure) }
}
