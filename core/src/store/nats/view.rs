//! Views: each document and each checkpoint is the last message of a subject of its own, and a
//! commit is one batch, behind the checkpoint that it begins with.

use std::collections::HashMap;

use async_nats::jetstream::message::StreamMessage;
use futures_util::future::try_join;
use uuid::Uuid;

use crate::{
    Error, Id, Json, Result,
    store::{
        BoxFuture, Document, Nats, ViewCommit, ViewId, Views,
        nats::{
            failure::{self, Trouble},
            jetstream::Outgoing,
            lease, message,
            names::{short, text},
            shared::Shared,
        },
    },
};

const READ: &str = "read a view";
const LIST: &str = "list documents";
const LIST_VIEWS: &str = "list views";
const COMMIT: &str = "commit a view";
const RESET: &str = "reset a view";

/// Stands on the last message of a document that was deleted.
const DELETED: &str = "Actum-Deleted";

fn checkpoint(action: &str, message: Option<&StreamMessage>) -> Result<Id> {
    let Some(message) = message else { return Ok(Id(0)) };
    let number = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok());
    number.map(Id).ok_or_else(|| failure::malformed(action, message.sequence, "no checkpoint"))
}

fn content(message: StreamMessage) -> Option<Json> {
    message.headers.get(DELETED).is_none().then(|| Json::from_stored(message.payload))
}

impl Views for Nats {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        Box::pin(async move {
            let Shared { names, state, .. } = self.shared();
            checkpoint(READ, state.last(READ, &names.checkpoint(view)).await?.as_ref())
        })
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        Box::pin(async move {
            let Shared { names, state, .. } = self.shared();
            let (at, subject) = (names.checkpoint(view), names.document(view, key));
            let mut patience = state.patience();
            loop {
                let at = state.last(READ, &at).await?;
                let found = state.last(READ, &subject).await?;
                // A checkpoint is the last message of its commit: a document behind it belongs to
                // the next one.
                let sequence = at.as_ref().map_or(0, |at| at.sequence);
                if found.as_ref().is_none_or(|found| found.sequence < sequence) {
                    return Ok((checkpoint(READ, at.as_ref())?, found.and_then(content)));
                }
                if !patience.more().await {
                    return Err(failure::to(READ, "it changed every time that it was looked at"));
                }
            }
        })
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        Box::pin(async move {
            let Shared { names, state, .. } = self.shared();
            let start = names.documents(view);
            let subjects = state.subjects(LIST, &format!("{start}*")).await?;
            let mut keys: Vec<_> = subjects
                .iter()
                .filter_map(|subject| text(subject.strip_prefix(&start)?))
                .filter(|key| key.starts_with(prefix) && after.is_none_or(|after| &**key > after))
                .collect();
            keys.sort_unstable();
            let mut documents = Vec::new();
            for key in keys {
                if documents.len() as u64 >= limit {
                    break;
                }
                let found = state.last(LIST, &names.document(view, &key)).await?;
                if let Some(data) = found.and_then(content) {
                    documents.push(Document { key: key.into_owned(), data: Some(data) });
                }
            }
            Ok(documents)
        })
    }

    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        Box::pin(async move {
            let Shared { names, state, .. } = self.shared();
            let filter = format!("{}*.*.at", names.views());
            let mut views = Vec::new();
            for subject in state.subjects(LIST_VIEWS, &filter).await? {
                let at = state.last(LIST_VIEWS, &subject).await?;
                if let (Some(view), Some(at)) = (names.view_of(&subject), at) {
                    views.push((view, checkpoint(LIST_VIEWS, Some(&at))?));
                }
            }
            views.sort_unstable_by(|(one, _), (other, _)| {
                (&one.name, one.version).cmp(&(&other.name, other.version))
            });
            Ok(views)
        })
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { store(self.shared(), &commit).await })
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Shared { names, state, .. } = self.shared();
            state.purge(RESET, &names.view(view)).await
        })
    }
}

/// Stores a commit, however often that takes.
async fn store(shared: &Shared, commit: &ViewCommit) -> Result<()> {
    let Shared { names, state, .. } = shared;
    let id = Uuid::now_v7().simple().to_string();
    let subject = short(COMMIT, names.checkpoint(&commit.view))?;
    let documents = documents(shared, commit)?;
    let mut patience = state.patience();
    let mut is_open = false;
    loop {
        let lease = async {
            let Some(lease) = &commit.lease else { return Ok(None) };
            let subject = names.lease(&lease.name);
            Ok(Some((lease, state.last(COMMIT, &subject).await?, subject)))
        };
        let (at, lease) = try_join(state.last(COMMIT, &subject), lease).await?;
        if is_open && at.as_ref().is_some_and(|at| message::is_of(&at.headers, &id)) {
            return Ok(());
        }
        let mut messages = documents.clone();
        if let Some((lease, held, subject)) = lease {
            let sequence = lease::current(COMMIT, lease, held.as_ref())?;
            let guard = Outgoing::new(names.guard(), "");
            messages.push(guard.expecting_of(&subject, sequence));
        }
        let actual = checkpoint(COMMIT, at.as_ref())?;
        if actual != commit.from {
            let (view, expected) = (commit.view.to_string(), commit.from);
            return Err(Error::Stale { view, expected, actual });
        }
        let to = Outgoing::new(subject.clone(), commit.to.to_string());
        let sequence = at.map_or(0, |at| at.sequence);
        messages.push(message::mark(to, &id).expecting(sequence));
        let Err(trouble) = state.store(&messages).await else { return Ok(()) };
        match &trouble {
            Trouble::Behind => patience.renew(),
            Trouble::Open(_) => is_open = true,
            Trouble::Busy(_) => {}
            Trouble::Refused(_) | Trouble::Large => return Err(failure::to(COMMIT, trouble)),
        }
        if !patience.more().await {
            return Err(failure::to(COMMIT, trouble));
        }
        tracing::debug!(error = %trouble, "commit a view again");
    }
}

/// The documents as messages; of several changes of one document the last counts.
fn documents(shared: &Shared, commit: &ViewCommit) -> Result<Vec<Outgoing>> {
    let last: HashMap<&str, Option<&Json>> = commit
        .documents
        .iter()
        .map(|document| (document.key.as_str(), document.data.as_ref()))
        .collect();
    let message = |(key, data): (&str, Option<&Json>)| {
        let subject = short(COMMIT, shared.names.document(&commit.view, key))?;
        Ok(match data {
            Some(data) => Outgoing::new(subject, data.bytes()),
            None => Outgoing::new(subject, "").header(DELETED, "true"),
        })
    };
    last.into_iter().map(message).collect()
}
