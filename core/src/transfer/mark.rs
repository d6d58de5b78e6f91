//! The mark of a copy under way: it is in the target from before the first event until the end.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Id, Json, Result,
    store::{Document, Store, ViewCommit, ViewId},
    transfer::{Fault, Ids, Reactions},
};

/// What is known of a copy under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The source, as the copy names it.
    pub(super) from: String,
    /// The events behind this id are those of the copy.
    pub(super) base: Id,
    pub(super) ids: Ids,
    pub(super) reactions: Reactions,
}

/// No projection and no reaction has such a name.
fn view() -> ViewId {
    ViewId { name: "copy under way".into(), version: 0 }
}

impl Mark {
    pub(super) async fn read(store: &dyn Store) -> Result<Option<Self>> {
        let view = view();
        let (_, document) = store.document(&view, "").await?;
        let read = document.map(|json| json.decode()).transpose();
        read.map_err(|source| Error::Document { view: view.to_string(), source })
    }

    pub(super) async fn put(&self, store: &dyn Store) -> Result<()> {
        let data = Json::from_value(self)
            .map_err(|source| Error::Encode { what: "the mark of a copy".to_owned(), source })?;
        let documents = vec![Document { key: String::new(), data: Some(data) }];
        let (view, at) = (view(), Id(0));
        store.commit(ViewCommit { view, from: at, to: at, documents, lease: None }).await
    }

    pub(super) async fn remove(store: &dyn Store) -> Result<()> {
        store.reset(&view()).await
    }
}

/// Refuses a store that has not got the whole of a copy.
pub(crate) async fn whole(store: &dyn Store) -> Result<()> {
    match Mark::read(store).await? {
        None => Ok(()),
        Some(Mark { from, .. }) => Err(Fault::HalfCopied { from }.into()),
    }
}

/// Whether a view is the mark of a copy.
pub(super) fn is(one: &ViewId) -> bool {
    *one == view()
}
