//! Keys in memory, for tests.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    keys::{KeyState, Keys, StoredKey},
    subject::Subject,
};
use crate::{Result, store::BoxFuture};

/// Keys in memory, for tests; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryKeys(Arc<Mutex<BTreeMap<Subject, StoredKey>>>);

impl MemoryKeys {
    /// Keeps no key yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<Subject, StoredKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys for MemoryKeys {
    fn find<'a>(&'a self, subjects: &'a [Subject]) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        Box::pin(async move {
            let keys = self.keys();
            Ok(subjects.iter().filter_map(|subject| keys.get(subject).cloned()).collect())
        })
    }

    fn replace<'a>(
        &'a self,
        before: Option<&'a StoredKey>,
        after: &'a StoredKey,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut keys = self.keys();
            let is_as_before = keys.get(&after.subject) == before;
            if is_as_before {
                keys.insert(after.subject.clone(), after.clone());
            }
            Ok(is_as_before)
        })
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a Subject>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        Box::pin(async move {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let keys = self.keys();
            let behind = keys.range::<Subject, _>((from, Bound::Unbounded));
            Ok(behind.take(limit).map(|(_, key)| key.clone()).collect())
        })
    }

    fn untold(&self, limit: u64) -> BoxFuture<'_, Result<Vec<StoredKey>>> {
        Box::pin(async move {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let untold = |key: &&StoredKey| key.state == KeyState::Forgotten { told: false };
            Ok(self.keys().values().filter(untold).take(limit).cloned().collect())
        })
    }
}
