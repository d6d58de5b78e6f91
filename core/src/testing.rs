//! The test kit: what checks stores, and what checks the code that uses them.

pub mod store;

#[doc(inline)]
pub use crate::conformance;
