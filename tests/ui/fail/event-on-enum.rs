use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum ItemChanged {
    Added,
    Removed,
}

fn main() {}
