use actum::prelude::*;

#[derive(Event)]
union ItemAdded {
    qty: u32,
    count: i32,
}

fn main() {}
