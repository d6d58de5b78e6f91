#![doc = include_str!("docs/testing.md")]

mod clock;
mod compare;
mod failure;
mod file;
mod folded;
mod given;
pub mod history;
mod print;
mod reacting;
mod seed;
mod sequences;
mod sound;
pub mod store;
#[cfg(feature = "privacy")]
pub mod vault;

pub use clock::{CountedIds, FakeClock};
pub use failure::{Failure, Outcome};
pub use file::up_to_date;
pub use folded::{GivenEvents, On, given_events, on};
pub use given::{Given, Then, When, event, given, given_nothing, input};
pub use reacting::{Planned, Reacted, Reacting, later, reacting};
pub use sequences::Sequences;

/// The source of randomness that [`Sequences`] hands out.
pub use fastrand::Rng;

#[doc(inline)]
pub use crate::conformance;
#[cfg(feature = "privacy")]
#[doc(inline)]
pub use crate::key_store;
