//! A signed head: what the log was up to an id, in one hash, vouched for by whoever has the key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    key::{Key, PublicKey, hex, unhex},
    link::{Hash, NONE},
};
use crate::{Id, Version};

/// What the log was up to an id, signed.
///
/// It is stored as the event `$head` in the stream [`Head::STREAM`]. Kept elsewhere as well, it shows
/// later that the log has not been put back to an earlier state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Up to which id.
    pub id: Id,
    /// How many events there were up to it.
    pub events: u64,
    /// The hash of all of them, in hexadecimal.
    pub digest: String,
    /// The streams that have grown since the head before, by name, as they were then.
    pub streams: BTreeMap<String, End>,
    /// The signature of all this, in hexadecimal.
    pub signature: String,
}

/// The last event of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its version.
    pub version: Version,
    /// Its id.
    pub id: Id,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

impl Head {
    /// The stream of all heads.
    pub const STREAM: &'static str = "$chain-heads";

    /// The name of those events.
    pub const NAME: &'static str = "$head";

    /// Signs a head.
    pub(super) fn new(
        key: &Key,
        (id, events): (Id, u64),
        digest: &Hash,
        streams: BTreeMap<String, End>,
    ) -> Self {
        let digest = hex(digest);
        let mut head = Self { id, events, digest, streams, signature: String::new() };
        head.signature = key.sign(&head.message());
        head
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.has_signed(&self.message(), &self.signature)
    }

    /// The hash of all events up to it.
    pub(super) fn hash(&self) -> Hash {
        unhex(&self.digest).unwrap_or(NONE)
    }

    /// What is signed: a hash of everything but the signature.
    fn message(&self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        let mut put = |text: &[u8]| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        };
        put(b"actum head");
        put(&self.id.0.to_le_bytes());
        put(&self.events.to_le_bytes());
        put(self.digest.as_bytes());
        for (stream, End { version, id, hash }) in &self.streams {
            put(stream.as_bytes());
            put(&version.0.to_le_bytes());
            put(&id.0.to_le_bytes());
            put(hash.as_bytes());
        }
        hasher.finalize().into()
    }
}
