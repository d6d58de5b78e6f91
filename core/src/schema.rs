#![doc = include_str!("docs/schema.md")]

mod broken;
mod change;
mod check;
mod form;
mod invent;
mod known;
mod lock;
mod trace;

pub use broken::Broken;
pub use change::{Change, What};
pub use check::{Check, check};
