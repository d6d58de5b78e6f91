use actum::prelude::*;

fn main() {
    let name = Personal::new("17", "Ann".to_owned());
    let clear: &String = &*name;
    println!("{clear}");
}
