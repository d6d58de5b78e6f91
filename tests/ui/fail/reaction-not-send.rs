use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

struct Payment;

#[reaction]
impl Payment {
    async fn checked_out(&self, _: &Committed<CheckedOut>) -> Result<(), Fault> {
        let held = std::rc::Rc::new(1);
        std::future::ready(()).await;
        drop(held);
        Ok(())
    }
}

fn main() {}
