//! The PostgreSQL store on a real server, named by `ACTUM_POSTGRES_URL`.

#[path = "postgres/append.rs"]
mod append;
#[path = "postgres/conformance.rs"]
mod conformance;
#[path = "postgres/connect.rs"]
mod connect;
#[path = "postgres/faults.rs"]
mod faults;
#[path = "postgres/kill.rs"]
mod kill;
#[path = "postgres/load.rs"]
mod load;
#[path = "postgres/locks.rs"]
mod locks;
#[path = "postgres/log.rs"]
mod log;
#[path = "postgres/order.rs"]
mod order;
#[path = "postgres/ports.rs"]
mod ports;
#[path = "postgres/processes.rs"]
mod processes;
#[path = "postgres/proxy.rs"]
mod proxy;
#[path = "postgres/restart.rs"]
mod restart;
#[path = "postgres/roles.rs"]
mod roles;
#[path = "postgres/tls.rs"]
mod tls;
