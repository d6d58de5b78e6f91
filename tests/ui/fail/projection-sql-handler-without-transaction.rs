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
    fn returned(&self, _: &Committed<Returned>) -> actum::rusqlite::Result<()> {
        Ok(())
    }
}

fn main() {}
