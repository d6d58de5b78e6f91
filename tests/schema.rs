//! How payloads change over time: the lock of their forms, and how old ones are read.

#[path = "schema/changes.rs"]
mod changes;
#[path = "schema/hostile.rs"]
mod hostile;
#[path = "schema/lock.rs"]
mod lock;
#[path = "schema/payloads.rs"]
mod payloads;
#[path = "schema/programs.rs"]
mod programs;
