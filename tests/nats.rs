//! The NATS JetStream store on real servers, started from the binary that `ACTUM_NATS_SERVER` names.

#[path = "nats/conformance.rs"]
mod conformance;
#[path = "nats/log.rs"]
mod log;
