//! Reactions, on every store: each event at least once and in order, each follow-up once, whatever
//! fails, stops or is killed.

#[path = "reactions/delivery.rs"]
mod delivery;
#[path = "reactions/domain.rs"]
mod domain;
#[path = "reactions/faulty.rs"]
mod faulty;
#[path = "reactions/leases.rs"]
mod leases;
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "it is there for the tests of the store")]
mod log;
#[path = "reactions/model.rs"]
mod model;
#[path = "reactions/parking.rs"]
mod parking;
#[path = "reactions/place.rs"]
mod place;
#[path = "reactions/process.rs"]
mod process;
#[path = "reactions/start.rs"]
mod start;
#[path = "reactions/timers.rs"]
mod timers;
