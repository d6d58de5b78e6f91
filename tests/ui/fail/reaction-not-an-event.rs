use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Bell;
struct Payment;

#[reaction]
impl Payment {
    async fn checked_out(&self, _: &Committed<Bell>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
