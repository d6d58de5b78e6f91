use actum::prelude::*;

fn main() {
    let name = Personal::new("17", "Ann".to_owned());
    println!("{}", name.len());
}
