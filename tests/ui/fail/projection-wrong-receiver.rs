use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

#[derive(Default, Serialize, Deserialize)]
struct Sales {
    count: u64,
}

#[projection]
impl Sales {
    fn checked_out(&self, _: &Committed<CheckedOut>) {
        let _ = self.count;
    }
}

fn main() {}
