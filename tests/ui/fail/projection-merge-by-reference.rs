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
    fn checked_out(&mut self, _: &Committed<CheckedOut>) {
        self.count += 1;
    }
    fn merge(&mut self, later: &Self) {
        self.count += later.count;
    }
}

fn main() {}
