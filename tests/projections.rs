//! Projections at full strength, each case in memory, on a SQLite file and, where there is one, on
//! a PostgreSQL server; always with several streams.

#[path = "projections/domain.rs"]
mod domain;
#[path = "projections/keyed.rs"]
mod keyed;
#[path = "projections/kill.rs"]
mod kill;
#[path = "projections/kill_rebuild.rs"]
mod kill_rebuild;
#[path = "projections/merge.rs"]
mod merge;
#[path = "projections/place.rs"]
mod place;
#[path = "projections/rebuild.rs"]
mod rebuild;
#[path = "projections/workers.rs"]
mod workers;
