use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

#[derive(Event, Serialize, Deserialize)]
struct Returned;

struct Sales;

#[projection]
impl Sales {
    fn checked_out(
        &self,
        _: &Committed<CheckedOut>,
        _: &SqliteTransaction<'_>,
    ) -> actum::rusqlite::Result<()> {
        Ok(())
    }
    async fn returned(
        &self,
        _: &Committed<Returned>,
        _: &PostgresTransaction<'_>,
    ) -> Result<(), actum::tokio_postgres::Error> {
        Ok(())
    }
}

fn main() {}
