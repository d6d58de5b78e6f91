use actum::prelude::*;

#[derive(Events)]
enum CartEvent {}

fn main() {}
