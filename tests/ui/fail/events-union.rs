use actum::prelude::*;

#[derive(Events)]
union CartEvent {
    added: u32,
    removed: i32,
}

fn main() {}
