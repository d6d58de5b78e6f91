//! Who has shown the token: sessions, and the tokens of their forms.
//!
//! Secrets are compared by their keyed hashes, which takes the same time wherever they differ; the
//! key is new in each process.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use blake3::Hash;
use uuid::Uuid;

/// The shortest token that is taken.
const SHORTEST: usize = 16;

/// How long a session lasts.
const LASTS: Duration = Duration::from_hours(12);

/// How many sessions are kept; the oldest ends when one more begins.
const SESSIONS: usize = 64;

/// A token that could be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the inspector's token has {len} bytes; take a random one of at least {SHORTEST}")]
pub struct WeakToken {
    /// How many bytes it has.
    pub len: usize,
}

/// Whoever has shown the token.
pub(super) struct Sessions {
    key: [u8; 32],
    token: Hash,
    open: Mutex<VecDeque<(Hash, Instant)>>,
}

impl Sessions {
    pub(super) fn new(token: &[u8]) -> Result<Self, WeakToken> {
        if token.len() < SHORTEST {
            return Err(WeakToken { len: token.len() });
        }
        let key = random();
        Ok(Self { key, token: blake3::keyed_hash(&key, token), open: Mutex::default() })
    }

    /// Begins a session for the right token; what the browser shall keep.
    pub(super) fn begin(&self, token: &str) -> Option<String> {
        if blake3::keyed_hash(&self.key, token.trim().as_bytes()) != self.token {
            return None;
        }
        let session = blake3::Hash::from_bytes(random()).to_hex().to_string();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push_back((self.hash(&session), Instant::now()));
        if open.len() > SESSIONS {
            open.pop_front();
        }
        Some(session)
    }

    pub(super) fn is_open(&self, session: &str) -> bool {
        let wanted = self.hash(session);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, since)| since.elapsed() < LASTS);
        open.iter().any(|(hash, _)| *hash == wanted)
    }

    pub(super) fn end(&self, session: &str) {
        let ended = self.hash(session);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(hash, _)| *hash != ended);
    }

    fn hash(&self, session: &str) -> Hash {
        blake3::keyed_hash(&self.key, session.as_bytes())
    }
}

/// Makes tokens for forms, and knows its own.
pub(super) struct Forms([u8; 32]);

impl Forms {
    pub(super) fn new() -> Self {
        Self(random())
    }

    /// The token of a form that posts to `to`, for a session; empty for those without.
    pub(super) fn token(&self, session: &str, to: &str) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&(session.len() as u64).to_le_bytes());
        hasher.update(session.as_bytes());
        hasher.update(to.as_bytes()).finalize()
    }

    pub(super) fn knows(&self, session: &str, to: &str, shown: &str) -> bool {
        Hash::from_hex(shown).is_ok_and(|shown| shown == self.token(session, to))
    }
}

/// 244 random bits, from the source of UUIDs.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    let (first, second) = bytes.split_at_mut(16);
    first.copy_from_slice(Uuid::new_v4().as_bytes());
    second.copy_from_slice(Uuid::new_v4().as_bytes());
    bytes
}
