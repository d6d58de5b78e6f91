//! The conformance suite for stores: one function per rule, and a macro that stamps a test each.
//!
//! Every rule takes a [`Subject`], asks it for an empty store and says in a [`Failure`] what the
//! store did against the contract of its ports. Every rule works with at least two streams.
//!
#![doc = include_str!("../docs/store.md")]

use super::{failure, seed};

mod rules;
mod stamp;
pub(super) mod steps;
mod subject;

pub mod append;
pub mod closed;
pub mod differential;
pub mod durable;
pub mod history;
pub mod keys;
pub mod leases;
pub mod limits;
pub mod names;
pub mod order;
pub mod positioned;
pub mod read;
pub mod shared;
pub mod snapshots;
pub mod together;
pub mod views;
pub mod watch;

pub use super::failure::{Failure, Outcome};
pub use rules::{Check, Rule, rules};
pub use stamp::run;
pub use subject::{Positioned, Reopen, Subject};
