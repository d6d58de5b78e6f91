//! The keys of some subjects, fetched and unwrapped, for as long as they are needed.

use std::{collections::HashMap, sync::Arc};

use zeroize::Zeroizing;

use super::{
    cipher::{self, Key},
    mode,
    opened::Opened,
    sealed::Sealed,
    subject::Subject,
};
use crate::PersonalError;

/// The keys of some subjects; clones share them.
#[derive(Clone)]
pub(super) enum Ring {
    /// Those that were fetched; `None` for a subject that never had a key.
    Of(Arc<HashMap<Subject, Option<Held>>>),
    /// Those of whoever is asked for, made up by the process.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "tests open what they made"))]
    Pretended,
}

/// The newest key of a subject.
pub(super) struct Held {
    pub(super) generation: u64,
    /// `None` when it was forgotten.
    pub(super) key: Option<Key>,
}

impl Ring {
    /// Seals a value with the newest key of its subject.
    pub(super) fn seal(
        &self,
        subject: &Subject,
        text: &[u8],
    ) -> Result<Option<Sealed>, &'static str> {
        let Self::Of(keys) = self else { return Err("only a test has such keys") };
        let held = keys.get(subject).and_then(Option::as_ref);
        let Some(Held { generation, key: Some(key) }) = held else {
            return Err("it was written only at the second time; serialise it the same every time");
        };
        let nonce = cipher::new_nonce().map_err(|_| "the system gave no random numbers")?;
        Ok(Sealed::new(subject, *generation, key, nonce, text))
    }

    /// Opens a value.
    pub(super) fn open(
        &self,
        sealed: &Sealed,
    ) -> Result<Opened<Zeroizing<Vec<u8>>>, PersonalError> {
        let subject = sealed.subject()?;
        let keys = match self {
            Self::Of(keys) => keys,
            Self::Pretended => {
                return sealed.open(&mode::pretended_key(&subject)).map(Opened::Value);
            }
        };
        let unknown =
            || PersonalError::UnknownKey { subject: subject.to_string(), generation: sealed.key };
        let held = keys
            .get(&subject)
            .ok_or_else(|| PersonalError::NotAtHand { subject: subject.to_string() })?
            .as_ref()
            .ok_or_else(unknown)?;
        if sealed.key == 0 || sealed.key > held.generation {
            return Err(unknown());
        }
        match &held.key {
            Some(key) if sealed.key == held.generation => sealed.open(key).map(Opened::Value),
            // An earlier key went when the subject was forgotten for the first time.
            _ => Ok(Opened::Forgotten),
        }
    }
}
