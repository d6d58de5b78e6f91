//! The domain of the cases: an account.

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone)]
pub struct Paid {
    pub cents: u64,
}
#[derive(Events, Clone)]
pub enum AccountEvent {
    Paid(Paid),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = AccountEvent)]
pub struct Account {
    pub cents: u64,
}

#[patch]
impl Account {
    fn paid(&mut self, event: Paid) {
        self.cents += event.cents;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Pay {
    pub cents: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("too much")]
pub struct TooMuch;

#[action]
impl Account {
    fn pay(&self, Pay { cents }: Pay) -> Result<Option<Paid>, TooMuch> {
        match cents {
            0 => Ok(None),
            1..=100 => Ok(Some(Paid { cents })),
            _ => Err(TooMuch),
        }
    }
}

pub fn pay(cents: u64) -> Pay {
    Pay { cents }
}

#[derive(Default, Serialize, Deserialize)]
pub struct Income(pub u64);

#[projection]
impl Income {
    fn paid(&mut self, event: &Committed<Paid>) {
        self.0 += event.data.cents;
    }
}
