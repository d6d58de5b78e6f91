//! Where a reaction begins that has never run.
//!
//! What must stay true: `from = now` names one place in the log, once and for all. It is stored
//! before the app has started, so that an event that is appended afterwards is handled.

use std::sync::Arc;

use super::view;
use crate::{
    Error, Id, Json, Reaction, Result, Start,
    clock::{Clock, Ids, System},
    store::{Document, Lease, Store, ViewCommit, ViewId},
};

/// The document that keeps behind which id a reaction has begun.
const BEGUN: &str = "begun";

/// Notes that a reaction begins now, if that is what it wants and it has never run.
pub(in crate::app) async fn begin<R: Reaction>(
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
) -> Result<()> {
    if R::START == Start::Beginning {
        return Ok(());
    }
    let view = view(R::NAME);
    let (now, ttl) = (clock.now(), R::POLICY.lease);
    // Whoever has the lease has noted it, or does so before it goes to work.
    let Some(lease) = store.acquire(&view.name, &System.id(), now, ttl).await? else {
        return Ok(());
    };
    let noted = note::<R>(&**store, &view, &lease).await;
    store.release(&lease).await?;
    noted
}

/// The same under a lease.
pub(super) async fn note<R: Reaction>(
    store: &dyn Store,
    view: &ViewId,
    lease: &Lease,
) -> Result<()> {
    if R::START == Start::Beginning || has_run(store, view).await? {
        return Ok(());
    }
    let head = store.head().await?;
    let data = Json::from_value(&head)
        .map_err(|source| Error::Encode { what: format!("the start of {view}"), source })?;
    let documents = vec![Document { key: BEGUN.to_owned(), data: Some(data) }];
    let (view, lease) = (view.clone(), Some(lease.clone()));
    tracing::info!(reaction = R::NAME, after = head.0, "the reaction begins now");
    store.commit(ViewCommit { view, from: Id(0), to: head, documents, lease }).await
}

async fn has_run(store: &dyn Store, view: &ViewId) -> Result<bool> {
    if store.checkpoint(view).await? > Id(0) {
        return Ok(true);
    }
    Ok(!store.documents(view, "", None, 1).await?.is_empty())
}
