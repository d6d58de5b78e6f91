use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
struct Cart {
    skus: Vec<String>,
}

fn main() {}
