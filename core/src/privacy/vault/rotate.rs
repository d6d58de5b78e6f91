//! A new envelope key: all keys are wrapped anew, page by page.

use super::{TRIES, Vault, contended};
use crate::{
    Result,
    privacy::keys::{KeyState, StoredKey},
};

/// How many keys are wrapped anew in one go.
const PAGE: u64 = 256;

/// What a rotation has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotated {
    /// How many keys were wrapped anew.
    pub rewrapped: u64,
    /// How many were wrapped by the envelope already.
    pub unchanged: u64,
    /// How many subjects are forgotten, so that there was nothing to wrap.
    pub forgotten: u64,
}

impl Vault {
    /// Wraps every key by the envelope that is not, and so does away with the former ones.
    ///
    /// Actions and reads go on meanwhile. After a crash or an error it is simply called again: it
    /// passes over what is done. When it has ended, the former envelopes are needed for nothing
    /// but old backups of the key store.
    ///
    /// # Errors
    ///
    /// [`PersonalError::WrongEnvelope`] for a key whose envelope is not at hand; what the key
    /// store answers.
    pub async fn rotate(&self) -> Result<Rotated> {
        let (mut rotated, mut after) = (Rotated::default(), None);
        loop {
            let page = self.keys.list(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(rotated) };
            after = Some(last.subject.clone());
            for stored in page {
                self.rewrap(stored, &mut rotated).await?;
            }
        }
    }

    async fn rewrap(&self, mut stored: StoredKey, rotated: &mut Rotated) -> Result<()> {
        for _ in 0..TRIES {
            match &stored.state {
                KeyState::Forgotten { .. } => {
                    rotated.forgotten += 1;
                    return Ok(());
                }
                KeyState::Held { envelope, .. } if envelope == self.envelope.id() => {
                    rotated.unchanged += 1;
                    return Ok(());
                }
                KeyState::Held { .. } => {}
            }
            let key = self.unwrap(&stored).await?;
            let StoredKey { subject, generation, .. } = &stored;
            let anew = self.wrap(subject, *generation, key.as_ref()).await?;
            if self.keys.replace(Some(&stored), &anew).await? {
                rotated.rewrapped += 1;
                return Ok(());
            }
            match self.find(&stored.subject).await? {
                Some(found) => stored = found,
                None => return Ok(()),
            }
        }
        Err(contended(&stored.subject))
    }
}
