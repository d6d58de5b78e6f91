//! A payload that has changed twice is read from each of its versions.

use actum::{DecodeError, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "Paid")]
struct PaidV1(u32);

#[derive(Event, Serialize, Deserialize)]
#[event(name = "Paid", version = 2, from = PaidV1)]
struct PaidV2 {
    cents: u32,
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(version = 3, from = PaidV2)]
struct Paid {
    cents: u64,
    currency: String,
}

impl From<PaidV1> for PaidV2 {
    fn from(PaidV1(euros): PaidV1) -> Self {
        Self { cents: euros * 100 }
    }
}

impl From<PaidV2> for Paid {
    fn from(PaidV2 { cents }: PaidV2) -> Self {
        Self { cents: cents.into(), currency: "EUR".into() }
    }
}

fn main() {
    let paid = Paid { cents: 300, currency: "EUR".into() };
    assert_eq!(Paid::decode(1, b"3").unwrap(), paid);
    assert_eq!(Paid::decode(2, br#"{"cents":300}"#).unwrap(), paid);
    assert_eq!(Paid::decode(3, br#"{"cents":300,"currency":"EUR"}"#).unwrap(), paid);
    for version in [0, 4, u32::MAX] {
        match Paid::decode(version, b"3") {
            Err(DecodeError::UnknownVersion { name, found, oldest, newest, .. }) => {
                assert_eq!((name, found, oldest, newest), ("Paid", version, 1, 3));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(Paid::decode(2, b"3"), Err(DecodeError::Payload { .. })));
}
