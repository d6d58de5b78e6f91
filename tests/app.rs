//! The app at work, each case in memory and on a SQLite file, with two streams.

#[path = "app/act.rs"]
mod act;
#[path = "app/by_name.rs"]
mod by_name;
#[path = "app/counter.rs"]
mod counter;
#[path = "app/failures.rs"]
mod failures;
#[path = "app/faulty.rs"]
mod faulty;
#[path = "app/invariants.rs"]
mod invariants;
#[path = "app/load.rs"]
mod load;
#[path = "app/place.rs"]
mod place;
#[path = "app/projections.rs"]
mod projections;
#[path = "app/snapshots.rs"]
mod snapshots;
#[path = "app/writers.rs"]
mod writers;
