//! The documents that a projection works on, bounded in number.
//!
//! What has changed stays here until it is stored. Apart from that two generations are kept: when
//! the younger is full the older goes, and what is asked for again is read again.

use std::collections::HashMap;

use crate::{Error, Json, Result, projection::Fate, store::Document};

/// How many documents each of the two generations keeps.
const GENERATION: usize = 5_000;

/// How many documents may have changed before they are stored.
pub(super) const CHANGED: usize = 4_096;

/// The documents of a projection, or of one of its partitions.
pub(super) enum Documents<P> {
    One(Slot<P>),
    Each(Cache<P>),
}

/// One document in memory.
pub(super) struct Slot<P> {
    /// `None` while there is no document.
    state: Option<P>,
    changed: bool,
    /// Whether it was deleted since the events began that are folded here: what it was before
    /// them counts no longer.
    ended: bool,
}

/// The documents in use.
pub(super) struct Cache<P> {
    young: HashMap<String, Slot<P>>,
    old: HashMap<String, Slot<P>>,
    /// The keys of those that have changed.
    changed: Vec<String>,
    /// Whether there is no document but those in memory.
    is_complete: bool,
}

impl<P: Default> Slot<P> {
    pub(super) const fn new(state: Option<P>) -> Self {
        Self { state, changed: false, ended: false }
    }

    /// Changes the document; without one, an empty one.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut P) -> Result<Fate>) -> Result<()> {
        self.changed = true;
        if change(self.state.get_or_insert_default())? == Fate::Deleted {
            self.state = None;
            self.ended = true;
        }
        Ok(())
    }

    pub(super) const fn has_changed(&self) -> bool {
        self.changed
    }

    /// Takes in what later events have made of an empty document.
    pub(super) fn join(&mut self, later: Self, merge: fn(&mut P, P)) {
        self.changed = true;
        self.ended |= later.ended;
        match (&mut self.state, later.state) {
            (state, later_state) if later.ended => *state = later_state,
            (Some(state), Some(later_state)) => merge(state, later_state),
            (state @ None, later_state) => *state = later_state,
            (Some(_), None) => {}
        }
    }
}

impl<P: Default> Cache<P> {
    /// Keeps nothing yet; `is_complete` when nothing is stored either.
    pub(super) fn new(is_complete: bool) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), changed: Vec::new(), is_complete }
    }

    /// The document of a key, if it is in memory or known not to be stored.
    pub(super) fn get(&mut self, key: &str) -> Option<&mut Slot<P>> {
        if !self.young.contains_key(key) {
            if let Some((key, slot)) = self.old.remove_entry(key) {
                self.young.insert(key, slot);
            } else if self.is_complete {
                self.young.insert(key.to_owned(), Slot::new(None));
            } else {
                return None;
            }
        }
        let slot = self.young.get_mut(key)?;
        if !slot.changed {
            // Whoever asks for it changes it.
            self.changed.push(key.to_owned());
        }
        Some(slot)
    }

    /// Whether a document is in memory, or known not to be stored.
    pub(super) fn has(&self, key: &str) -> bool {
        self.is_complete || self.young.contains_key(key) || self.old.contains_key(key)
    }

    /// All documents, where none are stored and none were let go.
    pub(super) fn into_all(self) -> impl Iterator<Item = (String, Slot<P>)> {
        self.old.into_iter().chain(self.young)
    }

    /// Takes a document that was read from the store.
    pub(super) fn insert(&mut self, key: String, state: Option<P>) {
        self.young.insert(key, Slot::new(state));
    }

    /// Lets go of the older generation when the younger is full.
    fn age(&mut self) {
        if self.young.len() >= GENERATION {
            self.is_complete &= self.old.is_empty();
            self.old = std::mem::take(&mut self.young);
        }
    }
}

impl<P: Default + serde::Serialize> Documents<P> {
    pub(super) fn has_changed(&self) -> bool {
        match self {
            Self::One(slot) => slot.changed,
            Self::Each(cache) => !cache.changed.is_empty(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Each(cache) if cache.changed.len() >= CHANGED)
    }

    /// What has changed, to be stored.
    pub(super) fn changes(&self) -> Result<Vec<Document>> {
        match self {
            Self::One(slot) if slot.changed => Ok(vec![document("", slot)?]),
            Self::One(_) => Ok(Vec::new()),
            Self::Each(cache) => {
                let changed = cache.changed.iter().filter_map(|key| {
                    let slot = cache.young.get(key).or_else(|| cache.old.get(key))?;
                    Some(document(key, slot))
                });
                changed.collect()
            }
        }
    }

    /// Notes that all changes are stored.
    pub(super) fn stored(&mut self) {
        match self {
            Self::One(slot) => slot.changed = false,
            Self::Each(cache) => {
                for key in std::mem::take(&mut cache.changed) {
                    if let Some(slot) = cache.young.get_mut(&key) {
                        slot.changed = false;
                    }
                }
                cache.age();
            }
        }
    }
}

fn document<P: serde::Serialize>(key: &str, slot: &Slot<P>) -> Result<Document> {
    let encode = |state| {
        let what = || match key {
            "" => "the document of a projection".to_owned(),
            key => format!("the document `{key}` of a projection"),
        };
        Json::from_value(state).map_err(|source| Error::Encode { what: what(), source })
    };
    Ok(Document { key: key.to_owned(), data: slot.state.as_ref().map(encode).transpose()? })
}
