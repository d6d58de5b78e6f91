//! Forgetting: the key is deleted, and noted is whether the log was told.

use super::{TRIES, Vault, contended};
use crate::{
    Result,
    privacy::{
        cipher,
        keys::{KeyState, StoredKey},
        subject::Subject,
    },
};

/// How many untold subjects are looked at in one go.
const PAGE: u64 = 256;

impl Vault {
    /// Deletes the key of a subject, or notes that there must never be one.
    pub(crate) async fn erase(&self, subject: &Subject) -> Result<StoredKey> {
        for _ in 0..TRIES {
            let before = self.find(subject).await?;
            let generation = match &before {
                Some(key) if matches!(key.state, KeyState::Forgotten { .. }) => {
                    return Ok(key.clone());
                }
                Some(key) => key.generation,
                None => 1,
            };
            let state = KeyState::Forgotten { told: false };
            let after = StoredKey { subject: subject.clone(), generation, state };
            if self.keys.replace(before.as_ref(), &after).await? {
                return Ok(after);
            }
        }
        Err(contended(subject))
    }

    /// Notes that the log was told; somebody else may have let the subject in again meanwhile.
    pub(crate) async fn told(&self, erased: &StoredKey) -> Result<()> {
        let told = StoredKey { state: KeyState::Forgotten { told: true }, ..erased.clone() };
        if erased.state != told.state {
            self.keys.replace(Some(erased), &told).await?;
        }
        Ok(())
    }

    /// Subjects that are forgotten and of which the log was not told.
    pub(crate) async fn untold(&self) -> Result<Vec<StoredKey>> {
        self.keys.untold(PAGE).await
    }

    /// That a subject was forgotten, if it was.
    pub(crate) async fn forgotten(&self, subject: &Subject) -> Result<Option<StoredKey>> {
        let found = self.find(subject).await?;
        Ok(found.filter(|key| matches!(key.state, KeyState::Forgotten { .. })))
    }

    /// Gives a forgotten subject a new key. What was forgotten stays so.
    pub(crate) async fn readmit(&self, subject: &Subject) -> Result<()> {
        for _ in 0..TRIES {
            let Some(before) = self.find(subject).await? else { return Ok(()) };
            if matches!(before.state, KeyState::Held { .. }) {
                return Ok(());
            }
            let generation = before.generation.saturating_add(1);
            let after = self.wrap(subject, generation, Some(&cipher::new_key()?)).await?;
            if self.keys.replace(Some(&before), &after).await? {
                return Ok(());
            }
        }
        Err(contended(subject))
    }
}
