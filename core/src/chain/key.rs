//! The key that heads are signed with, and its public half.

use std::{
    fmt::{self, Write},
    str::FromStr,
};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::link::Hash;

/// Signs the heads of a log (Ed25519). Whoever has it can vouch for a log; keep it from whoever can
/// write to the database.
///
/// It is 32 random bytes, as text 64 hexadecimal digits: `openssl rand -hex 32` makes one.
///
/// ```
/// use actum::chain::{Key, PublicKey};
///
/// let key: Key = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60".parse()?;
/// assert_eq!(key.public(), key.public().to_string().parse::<PublicKey>()?);
/// assert!("9d61".parse::<Key>().is_err());
/// # Ok::<(), actum::chain::InvalidKey>(())
/// ```
#[derive(Clone)]
pub struct Key(SigningKey);

/// Tells whether a head was signed with a [`Key`]; it may be known to all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no key: a key is 64 hexadecimal digits")]
pub struct InvalidKey;

impl Key {
    /// The key of 32 random bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The half that may be known to all.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &Hash) -> String {
        hex(&self.0.sign(message).to_bytes())
    }
}

impl PublicKey {
    pub(super) fn has_signed(&self, message: &Hash, signature: &str) -> bool {
        let signature = unhex::<64>(signature).map(|bytes| Signature::from_bytes(&bytes));
        signature.is_some_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        unhex(text.trim()).map(|bytes| Self::from_bytes(&bytes)).ok_or(InvalidKey)
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let bytes = unhex(text.trim()).ok_or(InvalidKey)?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| InvalidKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key itself is never shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// So many bytes from hexadecimal.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
