//! The last event of each stream, as far as this process knows: saves asking before each append.

use quick_cache::sync::Cache;

use crate::StreamId;

/// How many streams are remembered.
const STREAMS: usize = 65_536;

/// Where a stream ends. A sequence and its version belong together for ever; that they are the
/// last ones is checked by the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) version: u64,
}

/// The heads that are remembered.
#[derive(Debug)]
pub(super) struct Heads(Cache<StreamId, Head>);

impl Heads {
    pub(super) fn new() -> Self {
        Self(Cache::new(STREAMS))
    }

    pub(super) fn get(&self, stream: &StreamId) -> Option<Head> {
        self.0.get(stream)
    }

    pub(super) fn put(&self, stream: &StreamId, head: Head) {
        self.0.insert(stream.clone(), head);
    }

    pub(super) fn forget(&self, stream: &StreamId) {
        self.0.remove(stream);
    }
}
