//! The NATS JetStream store on real servers, started from the binary that `ACTUM_NATS_SERVER` names.

#[path = "nats/cluster.rs"]
mod cluster;
#[path = "nats/conformance.rs"]
mod conformance;
#[path = "nats/connect.rs"]
mod connect;
#[path = "nats/log.rs"]
mod log;
