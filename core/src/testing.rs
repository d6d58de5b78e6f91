//! The test kit: what checks stores, and what checks the code that uses them.

mod failure;
pub mod history;
mod seed;
pub mod store;

pub use failure::{Failure, Outcome};

#[doc(inline)]
pub use crate::conformance;
