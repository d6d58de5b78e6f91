//! What an app tells of its work: spans, traces, metrics.

#[path = "observe/account.rs"]
mod account;
#[path = "observe/metrics.rs"]
mod metrics;
#[path = "observe/opentelemetry.rs"]
mod opentelemetry;
#[path = "observe/spans.rs"]
mod spans;
