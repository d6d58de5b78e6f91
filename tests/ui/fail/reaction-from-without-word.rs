use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Thanks;

#[reaction(from = "now")]
impl Thanks {
    async fn checked_out(&self, _: &Committed<CheckedOut>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
