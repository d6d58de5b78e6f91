//! Every way to name the key of a document, and to delete one.

use actum::{Delete, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
pub struct Bought {
    pub customer: String,
    pub cents: u64,
}
#[derive(Event, Serialize, Deserialize)]
pub struct Left {
    pub customer: String,
    pub number: u32,
}

fn year<E>(event: &Committed<E>) -> i8 {
    event.created.strftime("%y").to_string().parse().unwrap_or_default()
}

fn of_left(event: &Committed<Left>) -> &str {
    &event.data.customer
}

#[derive(Default, Serialize, Deserialize)]
struct ByStream(u64);

#[projection(key = stream)]
impl ByStream {
    fn bought(&mut self, event: &Committed<Bought>) {
        self.0 += event.data.cents;
    }
    #[key(|event| &event.data.customer)]
    fn left(&mut self, _: &Committed<Left>) -> Delete {
        Delete
    }
}

#[derive(Default, Serialize, Deserialize)]
struct ByCustomer(u64);

#[projection(key = |event| event.data.customer.clone(), partitions = 3, version = 2)]
impl ByCustomer {
    fn bought(&mut self, event: &Committed<Bought>) -> Option<Delete> {
        self.0 += event.data.cents;
        (self.0 > 100).then_some(Delete)
    }
    fn left(&mut self, event: &Committed<Left>) {
        self.0 = u64::from(event.data.number);
    }
}

#[derive(Default, Serialize, Deserialize)]
struct ByYear(u64);

#[projection(key = year)]
impl ByYear {
    fn bought(&mut self, event: &Committed<Bought>) {
        self.0 += event.data.cents;
    }
    #[key(of_left)]
    fn left(&mut self, _: &Committed<Left>) {}
}

#[derive(Default, Serialize, Deserialize)]
struct ByNumber(u64);

#[projection]
impl ByNumber {
    #[key(Self::number)]
    fn left(&mut self, _: &Committed<Left>) {
        self.0 += 1;
    }
    #[key(|event| format!("{}-{}", event.stream.id(), event.data.cents))]
    #[cfg(all())]
    fn bought(&mut self, _: &Committed<Bought>) {}
    #[key(stream)]
    #[cfg(any())]
    fn nothing(&mut self, _: &Committed<Nothing>) {}
}

impl ByNumber {
    fn number(event: &Committed<Left>) -> u32 {
        event.data.number
    }
}

fn main() {
    assert!(ByStream::KEYED && ByCustomer::KEYED && ByYear::KEYED && ByNumber::KEYED);
    assert_eq!((ByStream::PARTITIONS, ByCustomer::PARTITIONS, ByCustomer::VERSION), (1, 3, 2));
}
