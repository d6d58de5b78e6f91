use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut {
    customer: String,
}

#[derive(Event, Serialize, Deserialize)]
struct Cancelled {
    customer: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Sales {
    count: u64,
}

#[projection(key = stream, partitions = 5000)]
impl Sales {
    fn checked_out(&mut self, _: &Committed<CheckedOut>) {
        self.count += 1;
    }
}

fn main() {}
