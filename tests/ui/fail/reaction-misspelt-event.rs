use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Payment;

#[reaction]
impl Payment {
    async fn checked_out(&self, _: &Committed<CheckedOt>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
