//! The app at work, each case in memory and on a SQLite file, some on PostgreSQL too, with two
//! streams.

#[path = "app/act.rs"]
mod act;
#[path = "app/by_name.rs"]
mod by_name;
#[path = "app/counter.rs"]
mod counter;
#[path = "app/failures.rs"]
mod failures;
#[path = "app/invariants.rs"]
mod invariants;
#[path = "app/load.rs"]
mod load;
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod log;
#[path = "app/place.rs"]
mod place;
#[path = "app/processes.rs"]
mod processes;
#[path = "app/projections.rs"]
mod projections;
#[path = "app/shutdown.rs"]
mod shutdown;
#[path = "app/snapshots.rs"]
mod snapshots;
#[path = "app/subscribe.rs"]
mod subscribe;
#[path = "app/writers.rs"]
mod writers;
