use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Sales;

#[projection]
impl Sales {
    fn checked_out(
        &self,
        _: &Committed<CheckedOut>,
        _: &PostgresTransaction<'_>,
    ) -> Result<(), actum::tokio_postgres::Error> {
        Ok(())
    }
}

fn main() {}
