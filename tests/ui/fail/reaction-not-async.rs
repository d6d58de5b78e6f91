use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Payment;

#[reaction]
impl Payment {
    fn checked_out(&self, _: &Committed<CheckedOut>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
