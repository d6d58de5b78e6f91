//! What all parts of a store share.

use crate::store::nats::{heads::Heads, jetstream::JetStream, names::Names, news::News};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) names: Names,
    /// Events and keys.
    pub(super) log: JetStream,
    /// Views, snapshots and leases: the last message of each subject.
    pub(super) state: JetStream,
    pub(super) heads: Heads,
    pub(super) news: News,
}
