//! How payloads change over time: the lock of their forms, and how old ones are read.

#[path = "schema/changes.rs"]
mod changes;
#[path = "schema/programs.rs"]
mod programs;
