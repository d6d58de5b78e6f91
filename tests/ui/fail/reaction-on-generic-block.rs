use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Payment<T>(T);

#[reaction]
impl<T> Payment<T> {
    async fn checked_out(&self, _: &Committed<CheckedOut>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
