//! Folds again, beside what is stored, with all documents in memory.

use std::collections::BTreeMap;

use futures_util::StreamExt;

use super::fold::{self, Deferred, Fold};
use crate::{
    Committed, Id, Projection, Result,
    projection::{Change, Fate, Route},
};

/// The documents of a projection, or of a partition, as the events alone tell them.
pub(crate) struct Refold<P> {
    fold: Fold,
    /// Only this document; `None` for all.
    only: Option<String>,
    pub(crate) documents: BTreeMap<String, P>,
    pub(crate) seen: Id,
}

/// What an event does to the document of a key.
struct Step<P> {
    key: String,
    change: Deferred<P>,
}

impl<P: Projection> Refold<P> {
    pub(super) fn new(fold: Fold, only: Option<String>) -> Self {
        Self { fold, only, documents: BTreeMap::new(), seen: Id(0) }
    }

    /// Folds up to an id; `before` sees each event of a document that is folded, and the document
    /// as it is before that event.
    pub(crate) async fn advance(
        &mut self,
        to: Id,
        mut before: impl FnMut(Id, Option<&P>),
    ) -> Result<()> {
        let query = fold::query::<P>().after(self.seen).to_id(to);
        let mut pages = self.fold.store.read(query);
        while let Some(page) = pages.next().await {
            let (mut at, page) = (self.seen, page?);
            let Self { fold, only, documents, .. } = self;
            fold.guarded(&mut at, |at| {
                for event in page {
                    *at = event.id;
                    let Some(Step { key, change }) = step::<P>(fold, event)? else { continue };
                    if only.as_ref().is_some_and(|only| *only != key) {
                        continue;
                    }
                    before(*at, documents.get(&key));
                    let document = documents.entry(key.clone()).or_default();
                    if change(document)? == Fate::Deleted {
                        documents.remove(&key);
                    }
                }
                Ok(())
            })?;
            self.seen = at;
        }
        self.seen = self.seen.max(to);
        Ok(())
    }
}

fn step<P: Projection>(fold: &Fold, event: Committed) -> Result<Option<Step<P>>> {
    let Some(handler) = fold.handler::<P>(&event) else { return Ok(None) };
    let call = handler.call;
    let (key, change): (_, Deferred<P>) = match handler.route {
        Route::One => return Ok(Some(Step { key: String::new(), change: with(call, event) })),
        Route::Stream => (event.stream.to_string(), with(call, event)),
        Route::Key(change) => {
            let (stream, id) = (event.stream.clone(), event.id);
            let Change { key, apply } = change(event)?;
            fold.check(&stream, id, &key)?;
            (key, Box::new(move |document| Ok(apply(document))))
        }
    };
    Ok(fold.is_mine::<P>(&key).then_some(Step { key, change }))
}

fn with<P: 'static>(call: fn(&mut P, Committed) -> Result<Fate>, event: Committed) -> Deferred<P> {
    Box::new(move |document| call(document, event))
}
