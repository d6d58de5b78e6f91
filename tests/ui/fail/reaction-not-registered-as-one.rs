use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Payment;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = App::new(Memory::new()).react(Payment);
}
