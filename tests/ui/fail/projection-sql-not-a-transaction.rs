use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Connection;
struct Sales;

#[projection]
impl Sales {
    fn checked_out(
        &self,
        _: &Committed<CheckedOut>,
        _: &Connection,
    ) -> actum::rusqlite::Result<()> {
        Ok(())
    }
}

fn main() {}
