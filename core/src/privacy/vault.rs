//! The vault: keys and envelope together, and all that is done with them.
//!
//! No key outlives the work it is fetched for: another process may forget the subject meanwhile.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use serde::de::DeserializeOwned;

use super::{
    cipher::{self, Key},
    envelope::Envelope,
    keys::{KeyState, Keys, StoredKey},
    opened::Opened,
    personal::Personal,
    ring::{Held, Ring},
    subject::Subject,
};
use crate::{PersonalError, Result};

mod forget;
mod rotate;

pub use rotate::Rotated;

/// What a wrapped key is bound to, besides subject and generation.
const WHAT: &str = "actum subject key 1";

/// How often a change is tried when others are faster.
const TRIES: u32 = 20;

/// Keys and the envelope they are wrapped by; clones share them.
///
/// ```
/// use actum::privacy::{EnvelopeKey, MemoryKeys, Vault};
///
/// let vault = Vault::new(MemoryKeys::new(), EnvelopeKey::generate()?);
/// # let _ = vault;
/// # Ok::<(), actum::PersonalError>(())
/// ```
#[derive(Clone)]
pub struct Vault {
    keys: Arc<dyn Keys>,
    envelope: Arc<dyn Envelope>,
    former: Vec<Arc<dyn Envelope>>,
}

impl Vault {
    /// Puts keys and envelope together.
    pub fn new(keys: impl Keys, envelope: impl Envelope) -> Self {
        Self { keys: Arc::new(keys), envelope: Arc::new(envelope), former: Vec::new() }
    }

    /// Adds an envelope that keys may still be wrapped by; new ones never are.
    #[must_use]
    pub fn former(mut self, envelope: impl Envelope) -> Self {
        self.former.push(Arc::new(envelope));
        self
    }

    /// Opens a value.
    ///
    /// # Errors
    ///
    /// [`Error::Personal`](crate::Error::Personal) for a value that was altered, moved from
    /// another subject or is of another type, a key that there never was, or an envelope that is
    /// not at hand; what the key store answers.
    pub async fn open<T: DeserializeOwned>(&self, personal: &Personal<T>) -> Result<Opened<T>> {
        let subjects = personal.needs()?.into_iter().collect();
        Ok(personal.open(&self.ring(subjects).await?)?)
    }

    /// Opens many values, in their order, and asks the key store once.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), for the first value that cannot be opened.
    pub async fn open_all<'a, T: DeserializeOwned + 'a>(
        &self,
        all: impl IntoIterator<Item = &'a Personal<T>>,
    ) -> Result<Vec<Opened<T>>> {
        let all: Vec<_> = all.into_iter().collect();
        let mut subjects = BTreeSet::new();
        for personal in &all {
            subjects.extend(personal.needs()?);
        }
        let ring = self.ring(subjects).await?;
        all.into_iter().map(|personal| Ok(personal.open(&ring)?)).collect()
    }

    /// The keys of these subjects, as they are.
    pub(super) async fn ring(&self, subjects: BTreeSet<Subject>) -> Result<Ring> {
        let subjects: Vec<_> = subjects.into_iter().collect();
        let stored =
            if subjects.is_empty() { Vec::new() } else { self.keys.find(&subjects).await? };
        let mut ring: HashMap<_, _> = subjects.into_iter().map(|one| (one, None)).collect();
        for stored in stored {
            let key = self.unwrap(&stored).await?;
            ring.insert(stored.subject, Some(Held { generation: stored.generation, key }));
        }
        Ok(Ring::Of(Arc::new(ring)))
    }

    /// The keys of these subjects, made where there is none.
    ///
    /// # Errors
    ///
    /// [`PersonalError::Forgotten`] for a subject that was forgotten.
    pub(super) async fn ring_to_seal(&self, subjects: BTreeSet<Subject>) -> Result<Ring> {
        let wanted: Vec<_> = subjects.into_iter().collect();
        let found = self.keys.find(&wanted).await?;
        let mut found: HashMap<_, _> =
            found.into_iter().map(|stored| (stored.subject.clone(), stored)).collect();
        let mut ring = HashMap::new();
        for subject in wanted {
            let stored = match found.remove(&subject) {
                Some(stored) => stored,
                None => self.create(&subject).await?,
            };
            let Some(key) = self.unwrap(&stored).await? else {
                return Err(PersonalError::Forgotten { subject: subject.to_string() }.into());
            };
            ring.insert(subject, Some(Held { generation: stored.generation, key: Some(key) }));
        }
        Ok(Ring::Of(Arc::new(ring)))
    }

    /// Makes the first key of a subject; that of another who was faster is as good.
    async fn create(&self, subject: &Subject) -> Result<StoredKey> {
        let new = self.wrap(subject, 1, Some(&cipher::new_key()?)).await?;
        if self.keys.replace(None, &new).await? {
            return Ok(new);
        }
        self.find(subject).await?.ok_or_else(|| contended(subject))
    }

    async fn find(&self, subject: &Subject) -> Result<Option<StoredKey>> {
        Ok(self.keys.find(std::slice::from_ref(subject)).await?.into_iter().next())
    }

    async fn wrap(
        &self,
        subject: &Subject,
        generation: u64,
        key: Option<&Key>,
    ) -> Result<StoredKey> {
        let state = match key {
            None => KeyState::Forgotten { told: false },
            Some(key) => {
                let bound = cipher::bound(WHAT, subject.as_str(), generation);
                let wrapped = self.envelope.wrap(key, &bound).await;
                let wrapped =
                    wrapped.map_err(|source| failed(self.envelope.as_ref(), subject, source))?;
                KeyState::Held { envelope: self.envelope.id().to_owned(), wrapped }
            }
        };
        Ok(StoredKey { subject: subject.clone(), generation, state })
    }

    /// The key; `None` when it was forgotten.
    async fn unwrap(&self, stored: &StoredKey) -> Result<Option<Key>> {
        let StoredKey { subject, generation, state } = stored;
        let KeyState::Held { envelope, wrapped } = state else { return Ok(None) };
        let mut all = std::iter::once(&self.envelope).chain(&self.former);
        let Some(fits) = all.clone().find(|one| one.id() == envelope) else {
            let known: Vec<_> = all.by_ref().map(|one| one.id()).collect();
            return Err(PersonalError::WrongEnvelope {
                subject: subject.to_string(),
                found: envelope.clone(),
                known: known.join(", "),
            }
            .into());
        };
        let bound = cipher::bound(WHAT, subject.as_str(), *generation);
        let key = fits.unwrap(wrapped, &bound).await;
        Ok(Some(key.map_err(|source| failed(fits.as_ref(), subject, source))?))
    }
}

fn failed(
    envelope: &dyn Envelope,
    subject: &Subject,
    source: crate::store::BoxError,
) -> PersonalError {
    let (envelope, subject) = (envelope.id().to_owned(), subject.to_string());
    PersonalError::Envelope { envelope, subject, source }
}

fn contended(subject: &Subject) -> crate::Error {
    PersonalError::Contended { subject: subject.to_string() }.into()
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("envelope", &self.envelope.id()).finish_non_exhaustive()
    }
}
