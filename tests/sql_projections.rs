//! SQL projections: tables of one's own, written in the transaction that moves the checkpoint on.

#[path = "sql_projections/domain.rs"]
mod domain;
#[path = "sql_projections/guards.rs"]
mod guards;
#[path = "sql_projections/kill.rs"]
mod kill;
#[path = "sql_projections/postgres.rs"]
mod postgres;
#[path = "sql_projections/server.rs"]
mod server;
#[path = "sql_projections/sqlite.rs"]
mod sqlite;
