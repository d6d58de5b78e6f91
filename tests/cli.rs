//! The command line `actum`, as a process: what it prints, how it ends, what it stores.

#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "it is there for the tests of the store")]
mod log;

#[path = "cli/actum.rs"]
mod actum_bin;
#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/events.rs"]
mod events;
#[path = "cli/follow.rs"]
mod follow;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/import.rs"]
mod import;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/parked.rs"]
mod parked;
#[path = "cli/place.rs"]
mod place;
#[path = "cli/projections.rs"]
mod projections;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/verify.rs"]
mod verify;
