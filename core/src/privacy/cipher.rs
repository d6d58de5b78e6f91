//! XChaCha20-Poly1305 under keys that are wiped when they go.
//!
//! A nonce has 24 bytes, so that random ones never meet.

use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use zeroize::Zeroizing;

use crate::PersonalError;

/// The length of a nonce.
pub(super) const NONCE: usize = 24;

/// A key of 32 bytes.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// Draws a key.
pub(super) fn new_key() -> Result<Key, PersonalError> {
    let mut key = Zeroizing::new([0; 32]);
    random(key.as_mut())?;
    Ok(key)
}

/// Draws a nonce.
pub(super) fn new_nonce() -> Result<[u8; NONCE], PersonalError> {
    let mut nonce = [0; NONCE];
    random(&mut nonce)?;
    Ok(nonce)
}

fn random(bytes: &mut [u8]) -> Result<(), PersonalError> {
    getrandom::fill(bytes).map_err(|error| PersonalError::NoRandom { why: error.to_string() })
}

/// Encrypts; `None` only for more than 256 GiB.
pub(super) fn seal(key: &Key, nonce: [u8; NONCE], bound: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let payload = Payload { msg: text, aad: bound };
    XChaCha20Poly1305::new((&**key).into()).encrypt(&nonce.into(), payload).ok()
}

/// Decrypts; `None` for what was not sealed with this key, nonce and surroundings.
pub(super) fn open(
    key: &Key,
    nonce: [u8; NONCE],
    bound: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload { msg: sealed, aad: bound };
    let opened = XChaCha20Poly1305::new((&**key).into()).decrypt(&nonce.into(), payload);
    opened.ok().map(Zeroizing::new)
}

/// What a ciphertext is bound to: it opens nowhere else.
pub(super) fn bound(what: &str, subject: &str, generation: u64) -> Vec<u8> {
    let mut bound = Vec::with_capacity(what.len() + subject.len() + 10);
    for part in [what, subject] {
        bound.extend_from_slice(part.as_bytes());
        // Neither can contain it.
        bound.push(0);
    }
    bound.extend_from_slice(&generation.to_le_bytes());
    bound
}
