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
        _: &SqliteTransaction<'_>,
    ) -> actum::rusqlite::Result<()> {
        Ok(())
    }
    fn merge(&mut self, later: Self) {}
}

fn main() {}
