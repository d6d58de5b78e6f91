//! Where the events come from: a store, or a file of another program.

use crate::{
    Id, Result,
    store::{Keyed, Pages, Query, Store},
    transfer::Foreign,
};

/// Where the events come from.
pub(super) enum Source<'a> {
    Store(&'a dyn Store),
    Foreign(&'a Foreign),
}

impl Source<'_> {
    /// The store, if it is one.
    pub(super) fn store(&self) -> Option<&dyn Store> {
        match self {
            Self::Store(store) => Some(*store),
            Self::Foreign(_) => None,
        }
    }

    /// Where it ends; `None` where that is not known before it is read.
    pub(super) async fn head(&self) -> Result<Option<Id>> {
        match self {
            Self::Store(store) => store.head().await.map(Some),
            Self::Foreign(_) => Ok(None),
        }
    }

    /// The events behind an id, up to another.
    pub(super) fn read(&self, after: Id, to: Option<Id>) -> Pages {
        match self {
            Self::Store(store) => {
                let query = Query::all().after(after);
                store.read(Query { to_id: to, ..query })
            }
            Self::Foreign(foreign) => foreign.read(),
        }
    }

    /// Whether meta data that names ids means the ids of this source.
    pub(super) fn has_ids(&self) -> Result<bool> {
        match self {
            Self::Store(_) => Ok(true),
            Self::Foreign(foreign) => foreign.has_ids(),
        }
    }

    pub(super) async fn keyed(&self, key: &str) -> Result<Option<Keyed>> {
        match self {
            Self::Store(store) => store.keyed(key).await,
            Self::Foreign(_) => Ok(None),
        }
    }
}
