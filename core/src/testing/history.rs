//! The history checker: what racing clients called and heard, and whether an order explains it.
//!
//! [`race`] lets clients loose on a store and writes down every call, when it was made, when its
//! answer came and what it was; readers follow the log meanwhile. [`History::check`] then looks
//! for an order of all calls in which every answer is right and which never puts a call before
//! one that had ended when it was made.
//!
//! In general that search is exponential. Here versions make it plain: an append that was
//! stored claims the versions it was given, so the appends to a stream have only one possible
//! order, and every refusal and every read names the version it saw, so each has only one place
//! in that order. What is left is to check that these places respect time.
//!
//! ```
//! use std::sync::Arc;
//!
//! use actum::{store::{Memory, Store}, testing::{history::{race, Race}, store::run}};
//!
//! run(async {
//!     let store: Arc<dyn Store> = Arc::new(Memory::new());
//!     let history = race(&[store], Race { clients: 4, calls: 20, ..Race::seeded(7) }).await?;
//!     history.check()
//! })?;
//! # Ok::<(), actum::testing::Failure>(())
//! ```

mod check;
mod client;
mod commit;
mod feed;
mod race;
mod record;

pub use race::{Race, race};
pub use record::{Answer, Call, Entry, Feed, History, Request, Wish};
