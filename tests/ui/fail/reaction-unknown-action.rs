use std::convert::Infallible;

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

#[derive(Events)]
enum OrderEvent {
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
struct Order;

#[patch]
impl Order {
    fn checked_out(&mut self, _: CheckedOut) {}
}

#[derive(Serialize, Deserialize)]
struct CheckOut;

#[derive(Serialize, Deserialize)]
struct Ship;

#[action]
impl Order {
    fn check_out(&self, _: CheckOut) -> Result<CheckedOut, Infallible> {
        Ok(CheckedOut)
    }
}

struct Payment;

#[reaction]
impl Payment {
    async fn checked_out(&self, _: &Committed<CheckedOut>, _: Ask<'_, Order, Ship>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
