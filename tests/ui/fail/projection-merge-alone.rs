use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Sales {
    count: u64,
}

#[projection]
impl Sales {
    fn merge(&mut self, later: Self) {
        self.count += later.count;
    }
}

fn main() {}
