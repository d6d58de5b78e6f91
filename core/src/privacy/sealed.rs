//! The stored form of a personal value.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    cipher::{self, Key, NONCE},
    subject::Subject,
};
use crate::PersonalError;

/// The version of the stored form.
const VERSION: u8 = 1;

/// What the ciphertext of a value is bound to, besides subject and key.
const WHAT: &str = "actum personal value 1";

/// A sealed value as it is stored.
///
/// Nothing but the types is checked when it is read: a value that was damaged tells so when it is
/// opened, and does not keep anyone from reading the events around it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Personal")]
pub(super) struct Sealed {
    /// Of this form.
    #[serde(rename = "sealed")]
    version: u8,
    pub(super) subject: Box<str>,
    /// Which of the subject's keys, from 1.
    pub(super) key: u64,
    nonce: Box<str>,
    data: Box<str>,
}

impl Sealed {
    /// Seals a value.
    pub(super) fn new(
        subject: &Subject,
        generation: u64,
        key: &Key,
        nonce: [u8; NONCE],
        text: &[u8],
    ) -> Option<Self> {
        let bound = cipher::bound(WHAT, subject.as_str(), generation);
        let data = cipher::seal(key, nonce, &bound, text)?;
        Some(Self {
            version: VERSION,
            subject: subject.as_str().into(),
            key: generation,
            nonce: BASE64.encode(nonce).into(),
            data: BASE64.encode(data).into(),
        })
    }

    /// What is written where nobody will read it.
    pub(super) fn nothing() -> Self {
        let empty = || Box::from("");
        Self { version: VERSION, subject: empty(), key: 0, nonce: empty(), data: empty() }
    }

    /// Opens the value.
    pub(super) fn open(&self, key: &Key) -> Result<Zeroizing<Vec<u8>>, PersonalError> {
        let malformed = |why| self.malformed(why);
        let nonce = BASE64.decode(&*self.nonce).map_err(|_| malformed("its nonce is no base64"))?;
        let nonce = nonce.try_into().map_err(|_| malformed("its nonce has another length"))?;
        let data = BASE64.decode(&*self.data).map_err(|_| malformed("its data is no base64"))?;
        let bound = cipher::bound(WHAT, &self.subject, self.key);
        cipher::open(key, nonce, &bound, &data)
            .ok_or_else(|| PersonalError::Tampered { subject: self.shown() })
    }

    /// Whom it is about.
    pub(super) fn subject(&self) -> Result<Subject, PersonalError> {
        if self.version != VERSION {
            return Err(self.malformed("it is of a version that this program does not know"));
        }
        self.subject.parse().map_err(|_| self.malformed("its subject cannot be one"))
    }

    fn malformed(&self, why: &'static str) -> PersonalError {
        PersonalError::Malformed { subject: self.shown(), why }
    }

    /// The subject, for error texts.
    fn shown(&self) -> String {
        self.subject.chars().take(Subject::MAX_LEN).collect()
    }
}
