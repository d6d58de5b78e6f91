//! Closed streams: no further events, an archive, a log that has let them go, and readers that see
//! them all the same. In memory, on SQLite and on PostgreSQL, with at least two streams.

#[path = "closing/archive.rs"]
mod archive;
#[path = "closing/domain.rs"]
mod domain;
#[path = "closing/due.rs"]
mod due;
#[path = "closing/kill.rs"]
mod kill;
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod log;
#[path = "app/place.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the tests of the app")]
mod place;
#[path = "closing/reading.rs"]
mod reading;
#[path = "closing/refusal.rs"]
mod refusal;
