//! The work of SQL projections, in transactions that are lent to them.
//!
//! What keeps a handler within the transaction is on the server: a deferred trigger refuses to
//! commit while it is lent, the session writes nothing outside of it, and the number of the
//! transaction is looked at behind each handler. That look is sent ahead of the next handler's
//! statements and waited for with them, so it takes no time of its own.

use std::{
    io,
    ops::Deref,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use deadpool_postgres::{
    Transaction,
    tokio_postgres::{self, Row, error::SqlState, types::ToSql},
};
use futures_util::{FutureExt, future::join};

use super::{
    Postgres, failure,
    shared::{Shared, malformed},
    value::{number, stored},
    view::version,
};
use crate::{
    Error, Id, Result,
    projection::{SqlProjection, Taken},
    store::{
        BoxError, BoxFuture, SqlStore,
        sql::{Awaiting, Job, Portion, Sealed, SqlTransaction, Task, Worked},
    },
};

/// How long a projection works at most before its transaction is committed.
const TURN: Duration = Duration::from_millis(200);

const ACTION: &str = "run a SQL projection";

/// A transaction on a connection of the pool, lent to a method of a SQL projection.
///
/// It has what [`tokio_postgres::Transaction`] has. Its own methods prepare each statement once
/// for each connection. To begin or end a transaction is refused, and stops the projection.
#[derive(Debug)]
pub struct PostgresTransaction<'a>(&'a Transaction<'a>);

type Parameters<'a> = [&'a (dyn ToSql + Sync)];

impl PostgresTransaction<'_> {
    /// Runs one statement; how many rows it changed.
    pub async fn execute(
        &self,
        sql: &str,
        params: &Parameters<'_>,
    ) -> Result<u64, tokio_postgres::Error> {
        let statement = self.0.prepare_cached(sql).await?;
        self.0.execute(&statement, params).await
    }

    /// Runs one statement; its rows.
    pub async fn query(
        &self,
        sql: &str,
        params: &Parameters<'_>,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let statement = self.0.prepare_cached(sql).await?;
        self.0.query(&statement, params).await
    }

    /// Runs one statement that gives exactly one row.
    pub async fn query_one(
        &self,
        sql: &str,
        params: &Parameters<'_>,
    ) -> Result<Row, tokio_postgres::Error> {
        let statement = self.0.prepare_cached(sql).await?;
        self.0.query_one(&statement, params).await
    }

    /// Runs one statement that gives at most one row.
    pub async fn query_opt(
        &self,
        sql: &str,
        params: &Parameters<'_>,
    ) -> Result<Option<Row>, tokio_postgres::Error> {
        let statement = self.0.prepare_cached(sql).await?;
        self.0.query_opt(&statement, params).await
    }
}

impl<'a> Deref for PostgresTransaction<'a> {
    type Target = tokio_postgres::Transaction<'a>;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl SqlTransaction for PostgresTransaction<'_> {
    type Store = Postgres;
}

impl Sealed for Postgres {}

impl Awaiting for Postgres {
    fn answer(outcome: BoxFuture<'_, Result<(), BoxError>>) -> Self::Answer<'_> {
        outcome
    }
}

impl SqlStore for Postgres {
    type Transaction<'a> = PostgresTransaction<'a>;
    type Answer<'a> = BoxFuture<'a, Result<(), BoxError>>;

    fn work<P: SqlProjection<Store = Self>>(&self, job: Job<P>) -> BoxFuture<'_, Result<Worked>> {
        Box::pin(work(self.shared(), job))
    }
}

fn failed(source: tokio_postgres::Error) -> Error {
    failure::to(ACTION, Box::new(source))
}

async fn work<P: SqlProjection<Store = Postgres>>(shared: &Shared, job: Job<P>) -> Result<Worked> {
    let mut client = shared.lender(ACTION).await?;
    let transaction = client.build_transaction().read_only(false).start().await.map_err(failed)?;
    let work = Work { shared, job: &job, transaction: &transaction };
    let worked = match &job.task {
        Task::Take(portion) => work.take(portion).await?,
        Task::Reset => work.reset().await?,
    };
    transaction.commit().await.map_err(failed)?;
    Ok(worked)
}

/// A piece of work in its transaction; dropped before the end, it is rolled back.
struct Work<'a, P: SqlProjection> {
    shared: &'a Shared,
    job: &'a Job<P>,
    transaction: &'a Transaction<'a>,
}

/// What `@lend` says.
struct Lent {
    number: String,
    is_new: bool,
    is_older: bool,
}

impl<P: SqlProjection<Store = Postgres>> Work<'_, P> {
    async fn query(
        &self,
        sql: &'static str,
        params: &Parameters<'_>,
    ) -> Result<Option<Row>, tokio_postgres::Error> {
        let statement = self.transaction.prepare_cached(&self.shared.sql(sql)).await?;
        self.transaction.query_opt(&statement, params).await
    }

    async fn lend(&self, expected: Option<Id>) -> Result<Lent> {
        let view = &self.job.view;
        let sql = "select newest, is_new, actual, number from @lend($1, $2, $3)";
        let from = expected.map(|id| number(id.0));
        let row = self.query(sql, &[&view.name, &version(view), &from]).await.map_err(failed)?;
        let row = row.ok_or_else(|| failure::to(ACTION, "the server gave no answer"))?;
        let get = malformed(ACTION);
        let newest: Option<i32> = row.try_get(0).map_err(&get)?;
        let actual = Id(stored(row.try_get(2).map_err(&get)?));
        let number: Option<String> = row.try_get(3).map_err(&get)?;
        let Some(number) = number else {
            let newest = newest.and_then(|newest| u32::try_from(newest).ok()).unwrap_or_default();
            if newest > view.version {
                return Err(self.job.superseded(newest));
            }
            return Err(self.job.stale(expected.unwrap_or_default(), actual));
        };
        let is_new = row.try_get(1).map_err(&get)?;
        Ok(Lent { number, is_new, is_older: newest.is_some() })
    }

    async fn take(&self, portion: &Portion<P>) -> Result<Worked> {
        let lent = self.lend(Some(portion.from)).await?;
        if lent.is_new {
            self.begin(&lent).await?;
        }
        let tx = PostgresTransaction(self.transaction);
        let (begun, mut handled) = (Instant::now(), 0);
        let mut before: Option<&dyn Taken<P>> = None;
        for event in portion.left() {
            let handle = event.handle(&self.job.projection, &tx);
            let checked = async {
                match before {
                    Some(_) => self.check(&lent).await,
                    None => Ok(()),
                }
            };
            let (checked, outcome) = join(checked, AssertUnwindSafe(handle).catch_unwind()).await;
            if let (Err(error), Some(before)) = (checked, before) {
                return Err(self.misused(before, error));
            }
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(source)) => return Err(self.failed(event, source)),
                Err(panic) => return Err(self.job.panicked(event, panic.as_ref())),
            }
            before = Some(event);
            handled += 1;
            if begun.elapsed() > TURN {
                break;
            }
        }
        let worked = portion.reached(handled);
        let settled = self.settle(&lent, worked.checkpoint).await;
        match (settled, before) {
            (Ok(()), _) => Ok(worked),
            (Err(error), Some(before)) => Err(self.misused(before, error)),
            (Err(error), None) => Err(failed(error)),
        }
    }

    /// Makes the tables; those of an older version go first.
    async fn begin(&self, lent: &Lent) -> Result<()> {
        let view = &self.job.view;
        let tx = PostgresTransaction(self.transaction);
        if lent.is_older {
            let reset = self.job.projection.reset_tables(&tx);
            self.step("reset", reset.ok_or_else(|| self.job.no_reset())?, lent).await?;
            let older = version(view).saturating_sub(1);
            self.query("select @forget($1, $2)", &[&view.name, &older]).await.map_err(failed)?;
        }
        match self.job.projection.create_tables(&tx) {
            Some(create) => self.step("create", create, lent).await,
            None => Ok(()),
        }
    }

    async fn reset(&self) -> Result<Worked> {
        let view = &self.job.view;
        let lent = self.lend(None).await?;
        let tx = PostgresTransaction(self.transaction);
        let reset = self.job.projection.reset_tables(&tx).ok_or_else(|| self.job.no_reset())?;
        self.step("reset", reset, &lent).await?;
        let forget = "select @forget($1, $2)";
        self.query(forget, &[&view.name, &version(view)]).await.map_err(failed)?;
        Ok(Worked { checkpoint: Id(0), done: 0 })
    }

    /// Runs `create` or `reset`.
    async fn step(
        &self,
        method: &'static str,
        run: BoxFuture<'_, Result<(), BoxError>>,
        lent: &Lent,
    ) -> Result<()> {
        let outcome = match AssertUnwindSafe(run).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(panic) => return Err(self.job.panicked_in(method, panic.as_ref())),
        };
        let checked = match outcome {
            Ok(()) => self.check(lent).await.map_err(Into::into),
            failed => failed,
        };
        checked.map_err(|source| {
            if is_transient(&*source) {
                failure::to(ACTION, source)
            } else {
                self.job.unmade(method, source)
            }
        })
    }

    async fn check(&self, lent: &Lent) -> Result<(), tokio_postgres::Error> {
        self.query("select @check($1)", &[&lent.number]).await.map(drop)
    }

    async fn settle(&self, lent: &Lent, to: Id) -> Result<(), tokio_postgres::Error> {
        let view = &self.job.view;
        let sql = "select @settle($1, $2, $3, $4)";
        let params: &Parameters<'_> = &[&view.name, &version(view), &number(to.0), &lent.number];
        self.query(sql, params).await.map(drop)
    }

    fn failed(&self, event: &dyn Taken<P>, source: BoxError) -> Error {
        if is_transient(&*source) {
            return failure::to(ACTION, source);
        }
        self.job.failed(event, source)
    }

    /// What was found behind a handler that had nothing to complain about.
    fn misused(&self, event: &dyn Taken<P>, error: tokio_postgres::Error) -> Error {
        self.failed(event, Box::new(error))
    }
}

/// Whether an error comes from the server's or the network's state, and may pass.
fn is_transient(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
            return error.is_closed() || error.code().is_some_and(is_passing);
        }
        if error.is::<io::Error>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Lost connections, conflicts between transactions, lack of resources, an operator's doing,
/// faults of the system.
fn is_passing(state: &SqlState) -> bool {
    let classes = ["08", "40", "53", "57", "58"];
    classes.iter().any(|class| state.code().starts_with(class))
        || *state == SqlState::LOCK_NOT_AVAILABLE
}
