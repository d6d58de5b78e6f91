//! Personal values: opened, forgotten, let in again.
//!
//! Forgetting deletes the key first and appends the tombstone second: whoever reads the tombstone
//! can be sure that nothing can be opened any more. The key store notes in between that the log
//! was not told; who forgets again, or the next start of an app, completes it.

use std::fmt::Display;

use serde::de::DeserializeOwned;

use crate::{
    App, Builder, Error, Event, Id, Json, Meta, MetaFields, PersonalError, Result, StreamId,
    clock::whole_microseconds,
    privacy::{CATEGORY, Forgotten, Opened, Personal, StoredKey, Subject, Vault},
    store::{Batch, Expected, Key, NewEvent},
};

impl Builder {
    /// Gives the app the keys of its personal values.
    ///
    /// When the app starts, tombstones are appended that are missing because a process ended
    /// within [`App::forget`].
    #[must_use]
    pub fn vault(mut self, vault: Vault) -> Self {
        self.seals = Some(vault);
        self
    }
}

impl App {
    /// Opens a personal value.
    ///
    /// # Errors
    ///
    /// As [`Vault::open`]; [`PersonalError::NoVault`] when the app has none.
    pub async fn open<T: DeserializeOwned>(&self, personal: &Personal<T>) -> Result<Opened<T>> {
        self.vault()?.open(personal).await
    }

    /// Opens many personal values, in their order, and asks the key store once.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), for the first value that cannot be opened.
    pub async fn open_all<'a, T: DeserializeOwned + 'a>(
        &self,
        all: impl IntoIterator<Item = &'a Personal<T>>,
    ) -> Result<Vec<Opened<T>>> {
        self.vault()?.open_all(all).await
    }

    /// Forgets a subject: deletes its key, so that its values can be opened nowhere any more, and
    /// appends the tombstone [`Forgotten`]. Gives the id of the tombstone, for
    /// [`View::after`](crate::View::after).
    ///
    /// Forgetting again appends nothing and gives the same id. A subject without values is
    /// forgotten as well. New values of it are refused with [`PersonalError::Forgotten`] until it
    /// is let in again by [`readmit`](Self::readmit).
    ///
    /// # Errors
    ///
    /// What the key store or the store answers. If the key is deleted by then, forgetting again
    /// appends the tombstone, and so does the next start of an app with this vault.
    pub async fn forget(&self, subject: impl Display) -> Result<Id> {
        let _inside = self.0.gate.enter()?;
        let subject = Subject::new(subject)?;
        let vault = self.vault()?;
        let erased = vault.erase(&subject).await?;
        self.tell_forgotten(vault, &erased).await
    }

    /// Lets a forgotten subject in again: new values get a new key. What was forgotten stays so.
    ///
    /// # Errors
    ///
    /// What the key store or the store answers.
    pub async fn readmit(&self, subject: impl Display) -> Result<()> {
        // The log is told first that the subject was forgotten, or it would never be.
        let _inside = self.0.gate.enter()?;
        let subject = Subject::new(subject)?;
        let vault = self.vault()?;
        if let Some(erased) = vault.forgotten(&subject).await? {
            self.tell_forgotten(vault, &erased).await?;
        }
        vault.readmit(&subject).await
    }

    /// Appends the tombstone, once for each key that was deleted.
    pub(crate) async fn tell_forgotten(&self, vault: &Vault, erased: &StoredKey) -> Result<Id> {
        let StoredKey { subject, generation, .. } = erased;
        let stream = StreamId::new(CATEGORY, subject)?;
        let event = Forgotten { subject: subject.to_string() };
        let unwritable = |source| Error::Encode { what: format!("the end of `{stream}`"), source };
        let data = Json::from_value(&event).map_err(unwritable)?;
        let key = format!("$forget/{generation}/{subject}");
        let fields = MetaFields {
            correlation: Some(self.0.ids.id()),
            causation: Some("forget".to_owned()),
            key: Some(key.clone()),
            ..MetaFields::default()
        };
        let new = NewEvent {
            name: Forgotten::NAME.into(),
            schema: Forgotten::VERSION,
            data,
            meta: Meta::new(fields).map_err(unwritable)?,
            created: whole_microseconds(self.0.clock.now()),
        };
        let key = Key::new(key, [subject.as_str().as_bytes()]);
        let batch = Batch::new(stream, Expected::Any, vec![new]).key(key);
        let id = self.0.store.append(batch).await?.id();
        vault.told(erased).await?;
        Ok(id)
    }

    pub(crate) fn seals(&self) -> Option<&Vault> {
        self.0.seals.as_ref()
    }

    fn vault(&self) -> Result<&Vault> {
        Ok(self.seals().ok_or(PersonalError::NoVault)?)
    }
}
