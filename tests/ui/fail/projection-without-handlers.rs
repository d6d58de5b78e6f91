use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Sales {
    count: u64,
}

#[projection]
impl Sales {}

fn main() {}
