//! SQL projections in every shape that is allowed: lifetimes left out, paths, `Self` with values.

use actum::{Committed, Event, SqlProjection, projection, rusqlite, tokio_postgres};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {
    cents: i64,
}
#[derive(Event, Serialize, Deserialize)]
struct Returned {}

/// A configured projection.
struct Sales {
    table: &'static str,
}

/// What is sold.
#[projection(name = "sales", version = 2)]
impl Sales {
    fn create(&self, tx: &actum::store::SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(&format!("CREATE TABLE {} (cents)", self.table))
    }
    fn reset(&self, tx: &actum::store::SqliteTransaction) -> Result<(), actum::BoxError> {
        Ok(tx.execute_batch(&format!("DROP TABLE {}", self.table))?)
    }
    /// Adds it.
    fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &actum::store::SqliteTransaction,
    ) -> rusqlite::Result<()> {
        tx.execute(&format!("INSERT INTO {} VALUES (?1)", self.table), [event.data.cents]).map(drop)
    }
    #[cfg(any())]
    fn gone(&self, event: &Committed<Nothing>, tx: &actum::store::SqliteTransaction<'_>) -> rusqlite::Result<()> {
        Ok(())
    }
    #[deprecated]
    fn returned(
        &self,
        _: &Committed<Returned>,
        _: &actum::store::SqliteTransaction<'_>,
    ) -> Result<(), std::io::Error> {
        Ok(())
    }
}

struct Totals;

#[projection]
impl Totals {
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &actum::store::PostgresTransaction<'_>,
    ) -> Result<(), tokio_postgres::Error> {
        tx.execute("insert into totals values ($1)", &[&event.data.cents]).await.map(drop)
    }
}

fn main() {
    assert_eq!((Sales::NAME, Sales::VERSION, Sales::DOCS), ("sales", 2, "What is sold."));
    assert_eq!(Sales::HANDLERS.len(), 2);
    assert_eq!((Totals::NAME, Totals::HANDLERS[0].event.name), ("Totals", "CheckedOut"));
}
