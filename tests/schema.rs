//! How payloads change over time: the lock of their forms, how old ones are read, how many there
//! are.

#[path = "schema/audit.rs"]
mod audit;
#[path = "schema/changes.rs"]
mod changes;
#[path = "schema/domain.rs"]
mod domain;
#[path = "schema/hostile.rs"]
mod hostile;
#[path = "schema/lock.rs"]
mod lock;
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod log;
#[path = "schema/payloads.rs"]
mod payloads;
#[path = "app/place.rs"]
mod place;
#[path = "schema/programs.rs"]
mod programs;
#[path = "schema/readers.rs"]
mod readers;
#[path = "schema/tables.rs"]
mod tables;
