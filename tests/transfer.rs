//! Copies of logs: between all stores in all directions, with other names, ids and events.

#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "it is there for the tests of the store")]
mod log;

#[path = "transfer/copy.rs"]
mod copy;
#[path = "transfer/foreign.rs"]
mod foreign;
#[path = "transfer/half.rs"]
mod half;
#[path = "transfer/place.rs"]
mod place;
#[path = "transfer/react.rs"]
mod react;
#[path = "transfer/rules.rs"]
mod rules;
