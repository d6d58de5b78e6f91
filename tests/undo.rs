//! Undo and redo, each case in memory, on a SQLite file and on PostgreSQL, with two streams.

#[path = "undo/basket.rs"]
mod basket;
#[path = "undo/by_name.rs"]
mod by_name;
#[path = "undo/key.rs"]
mod key;
#[path = "undo/kill.rs"]
mod kill;
#[path = "undo/kit.rs"]
mod kit;
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod log;
#[path = "undo/long.rs"]
mod long;
#[path = "app/place.rs"]
#[allow(dead_code, reason = "shared with the tests of the app")]
mod place;
#[path = "undo/race.rs"]
mod race;
#[path = "undo/refused.rs"]
mod refused;
#[path = "undo/sequences.rs"]
mod sequences;
#[path = "undo/steps.rs"]
mod steps;
