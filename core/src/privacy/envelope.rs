//! The envelope: what the keys of the subjects are wrapped by.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use zeroize::Zeroizing;

use super::cipher::{self, Key, NONCE};
use crate::{
    PersonalError,
    store::{BoxError, BoxFuture},
};

/// Wraps and unwraps the keys of subjects; implement it for a key service that does not give its
/// key away.
///
/// Whoever has the key store but not the envelope can open nothing.
pub trait Envelope: Send + Sync + 'static {
    /// Names the envelope key; kept with each key that it wraps.
    fn id(&self) -> &str;

    /// Wraps a key. `bound` is to be authenticated with it, so that it opens nowhere else.
    fn wrap<'a>(
        &'a self,
        key: &'a [u8; 32],
        bound: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, BoxError>>;

    /// Unwraps a key; an error for what was not wrapped by this envelope with this `bound`.
    fn unwrap<'a>(
        &'a self,
        wrapped: &'a [u8],
        bound: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<[u8; 32]>, BoxError>>;
}

/// An envelope whose key of 32 bytes is in the program's memory; wiped when it goes.
pub struct EnvelopeKey {
    id: String,
    key: Key,
}

impl EnvelopeKey {
    /// The variable that [`from_env`](Self::from_env) reads.
    pub const VARIABLE: &str = "ACTUM_ENVELOPE_KEY";

    /// Reads the key from the variable `ACTUM_ENVELOPE_KEY`: 32 bytes in base64, as
    /// `openssl rand -base64 32` prints them.
    ///
    /// # Errors
    ///
    /// [`PersonalError::InvalidEnvelopeKey`] when it is not set, no base64 or of another length.
    pub fn from_env() -> Result<Self, PersonalError> {
        let text = std::env::var(Self::VARIABLE).map(Zeroizing::new).map_err(|_| {
            PersonalError::InvalidEnvelopeKey { why: "ACTUM_ENVELOPE_KEY is not set to a text" }
        })?;
        Self::from_base64(&text)
    }

    /// Takes a key of 32 bytes in base64.
    ///
    /// # Errors
    ///
    /// [`PersonalError::InvalidEnvelopeKey`] for what is no base64 or of another length.
    pub fn from_base64(text: &str) -> Result<Self, PersonalError> {
        let invalid = |why| PersonalError::InvalidEnvelopeKey { why };
        let bytes = BASE64.decode(text.trim()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| invalid("it is no base64 with padding"))?;
        let bytes = bytes.as_slice().try_into().map_err(|_| invalid("it must have 32 bytes"))?;
        Ok(Self::from_bytes(bytes))
    }

    /// Takes a key.
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        let id = blake3::Hasher::new_derive_key("actum envelope key id").update(key).finalize();
        Self { id: id.to_hex().chars().take(16).collect(), key: Zeroizing::new(*key) }
    }

    /// Draws a new key.
    ///
    /// # Errors
    ///
    /// [`PersonalError::NoRandom`] when the system gives no random numbers.
    pub fn generate() -> Result<Self, PersonalError> {
        Ok(Self::from_bytes(&*cipher::new_key()?))
    }

    /// The key in base64, to be kept in a safe place.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(*self.key))
    }
}

impl Envelope for EnvelopeKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap<'a>(
        &'a self,
        key: &'a [u8; 32],
        bound: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async move {
            let nonce = cipher::new_nonce()?;
            let sealed = cipher::seal(&self.key, nonce, bound, key);
            let mut wrapped = nonce.to_vec();
            wrapped.extend(sealed.ok_or("the key is too long")?);
            Ok(wrapped)
        })
    }

    fn unwrap<'a>(
        &'a self,
        wrapped: &'a [u8],
        bound: &'a [u8],
    ) -> BoxFuture<'a, Result<Zeroizing<[u8; 32]>, BoxError>> {
        Box::pin(async move {
            let altered = "what is stored was altered, or belongs to another subject";
            let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>().ok_or(altered)?;
            let key = cipher::open(&self.key, *nonce, bound, sealed).ok_or(altered)?;
            Ok(Zeroizing::new(key.as_slice().try_into().map_err(|_| altered)?))
        })
    }
}

impl fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnvelopeKey({})", self.id)
    }
}
