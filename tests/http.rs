//! An app behind HTTP, in memory and on a SQLite file; over TCP where the connection matters.

#[path = "http/act.rs"]
mod act;
#[path = "http/client.rs"]
mod client;
#[path = "http/events.rs"]
mod events;
#[path = "http/failures.rs"]
mod failures;
#[path = "http/history.rs"]
mod history;
#[path = "http/hostile.rs"]
mod hostile;
#[path = "http/keys.rs"]
mod keys;
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod log;
#[path = "http/openapi.rs"]
mod openapi;
#[path = "app/place.rs"]
#[allow(dead_code, unused_macros, unused_imports, reason = "shared with the tests of the app")]
mod place;
#[path = "http/shop.rs"]
mod shop;
#[path = "http/state.rs"]
mod state;
#[path = "http/views.rs"]
mod views;
