use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Sales;

#[projection]
impl Sales {
    fn create(&self, tx: &SqliteTransaction<'_>) -> actum::rusqlite::Result<()> {
        tx.execute_batch("CREATE TABLE sales (day, cents)")
    }
}

fn main() {}
