//! Durable timers: actions that are asked when their time has come.
//!
//! A timer is kept under its due time, so that the next ones are the first ones. One with a key is
//! also named by a pointer; a timer that its pointer does not name has been cancelled or replaced,
//! and is dropped when it is due.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;

use crate::{
    Error, Id, Json, Result, StreamId,
    app::react::holder::each,
    store::{Document, Store, ViewId},
};

/// What the keys of all timers begin with.
pub(super) const TIMERS: &str = "t/";

/// The document that keeps how many timers there are; it goes with each change of them.
pub(super) const COUNT: &str = "n/timers";

/// What the keys of all timers begin with that have failed for good.
pub(super) const PARKED: &str = "p/";

/// Longer keys are kept as their hash: an index of a store takes no key of any length.
const LONGEST: usize = 300;

/// An action to be asked when its time has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) due: Timestamp,
    /// Of whom it is asked.
    pub(crate) stream: StreamId,
    pub(crate) action: String,
    #[serde(deserialize_with = "json")]
    pub(crate) input: Json,
    /// The event whose handler has set it.
    pub(crate) event: Id,
    pub(crate) ordinal: u32,
    /// The stream of that event.
    pub(crate) cause: StreamId,
    pub(crate) correlation: Option<String>,
    #[serde(default)]
    pub(crate) traceparent: Option<String>,
    pub(crate) actor: Option<String>,
    /// Makes the action happen once.
    pub(crate) action_key: String,
    /// Its name within the reaction.
    pub(crate) key: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) error: Option<String>,
    /// Since when it has failed.
    #[serde(default)]
    pub(crate) since: Option<Timestamp>,
    /// Whether a failure parks it at once: someone asked for one try.
    #[serde(default)]
    pub(crate) once: bool,
}

impl Timer {
    /// What is stored to set it.
    pub(crate) fn documents(&self) -> Result<Vec<Document>> {
        let place = self.place();
        let mut documents = vec![Document { key: place.clone(), data: Some(self.json()?) }];
        if let Some(key) = &self.key {
            let data = Json::from_value(&place).map_err(|source| self.unwritable(source))?;
            documents.push(Document { key: timer_key(key), data: Some(data) });
        }
        Ok(documents)
    }

    /// Where it is kept: in the order of the due times.
    pub(super) fn place(&self) -> String {
        let due = self.due.as_microsecond().max(0);
        format!("{TIMERS}{due:020}/{:020}/{:05}", self.event.0, self.ordinal)
    }

    /// Where it is kept once it has failed for good.
    pub(super) fn parked(&self) -> String {
        parked(self.event, self.ordinal)
    }

    pub(super) fn json(&self) -> Result<Json> {
        Json::from_value(self).map_err(|source| self.unwritable(source))
    }

    pub(super) fn read(view: &ViewId, data: &Json) -> Result<Self> {
        data.decode().map_err(|source| Error::Document { view: view.to_string(), source })
    }

    fn unwritable(&self, source: serde_json::Error) -> Error {
        Error::Encode { what: format!("the timer of `{}`", self.stream), source }
    }
}

/// Where a timer is kept once it has failed for good.
pub(super) fn parked(event: Id, ordinal: u32) -> String {
    format!("{PARKED}{:020}/{ordinal:05}", event.0)
}

/// Under which key the pointer to a named timer is kept; any text has one of its own.
pub(crate) fn timer_key(key: &str) -> String {
    let escaped = key.escape_debug().to_string();
    if escaped.len() <= LONGEST {
        return format!("k/{escaped}");
    }
    format!("h/{}", blake3::hash(key.as_bytes()).to_hex())
}

/// How many timers there are.
pub(super) async fn count(store: &dyn Store, view: &ViewId) -> Result<u64> {
    let (_, document) = store.document(view, COUNT).await?;
    if let Some(count) = document {
        return count.decode().map_err(|source| Error::Document { view: view.to_string(), source });
    }
    let mut count = 0;
    each(store, view, TIMERS, |_| {
        count += 1;
        Ok(())
    })
    .await?;
    Ok(count)
}

fn json<'de, D: Deserializer<'de>>(from: D) -> Result<Json, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    Json::from_text(raw.get()).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_pointer_of_its_own_that_stores_keep() {
        let long = "x".repeat(10_000);
        let longer = "x".repeat(10_001);
        let keys =
            ["", "a", "a\0", "a\\0", "a\\u{0}", "a\n", "é", "e\u{301}", "🦀", &long, &longer];
        let mut pointers: Vec<_> = keys.iter().map(|key| timer_key(key)).collect();
        for pointer in &pointers {
            assert!(pointer.len() < 400 && !pointer.chars().any(char::is_control), "{pointer:?}");
        }
        pointers.sort();
        pointers.dedup();
        assert_eq!(pointers.len(), keys.len());
    }
}
