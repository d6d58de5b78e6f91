//! Requests to the holder: what people ask of a reaction, from whatever process.
//!
//! Only the holder of the lease writes the reaction's view. A request is a document in a view of its
//! own, whose checkpoint never moves, so that requests and commits are never in each other's way.
//! Each names what it saw; what has changed since makes it void, so carrying it out twice does
//! nothing twice.

use serde::{Deserialize, Serialize};

use super::VIEWS;
use crate::{
    Error, Id, Json, Result, StreamId, Version,
    clock::{Ids, System},
    store::{Document, Store, ViewCommit, ViewId},
};

/// What is asked of a reaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// For a parked stream.
    Stream { stream: StreamId, edit: Edit, version: Version, attempts: u32 },
    /// For a parked timer.
    Timer { event: Id, ordinal: u32, edit: Edit, attempts: u32 },
    /// Takes away the timer that is named so.
    Cancel { key: String },
}

/// What becomes of what is parked; see [`Parked`](crate::Parked).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// One more try, now.
    Retry,
    /// It is left out.
    Skip,
    /// As many tries as at first.
    Unpark,
}

/// The view that keeps the requests for a reaction.
pub(super) fn view(name: &str) -> ViewId {
    ViewId { name: format!("{VIEWS}{name}/requests").into(), version: 0 }
}

/// Leaves requests to the holder.
pub(super) async fn leave(store: &dyn Store, name: &str, requests: &[Request]) -> Result<()> {
    let mut documents = Vec::new();
    for request in requests {
        let data = Json::from_value(request)
            .map_err(|source| Error::Encode { what: format!("a request to {name}"), source })?;
        documents.push(Document { key: System.id(), data: Some(data) });
    }
    let (view, at) = (view(name), Id(0));
    store.commit(ViewCommit { view, from: at, to: at, documents, lease: None }).await
}
