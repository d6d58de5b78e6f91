//! Reads the documents of a projection.

use std::{fmt, future::IntoFuture, marker::PhantomData};

use crate::{
    App, DocumentPerKey, Error, Id, Json, OneDocument, Projection, Result,
    store::{BoxFuture, ViewId},
};

mod json;
mod list;
mod wait;

pub use json::{DocumentsJson, ViewJson, ViewsJson};
pub use list::Views;

pub(super) use json::{Wanted, list as list_json, read as read_json};

/// Reads a document; made by [`App::view`], runs when awaited.
///
/// A projection with a document for each key is asked with [`key`](Self::key).
#[must_use = "nothing is read before it is awaited"]
pub struct View<'a, P> {
    app: &'a App,
    asks: Asks,
    document: PhantomData<fn() -> P>,
}

/// Reads the document of one key; made by [`View::key`], runs when awaited.
#[must_use = "nothing is read before it is awaited"]
pub struct ViewOf<'a, P> {
    view: View<'a, P>,
    key: String,
}

/// What a reader wants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asks {
    /// The id the projection must have seen.
    after: Id,
    /// Whether an older version will do.
    or_older: bool,
}

/// The two ways to ask, for each kind of reader.
macro_rules! asks {
    ($self:ident => $asks:expr) => {
        /// Waits until the projection has seen this id: read your own write with
        /// [`Done::id`](crate::Done).
        ///
        /// It does not matter which process works on the projection: where it is another, the
        /// stored checkpoint is looked at, at first every 2 ms, then less often, up to 50 ms. It
        /// waits as long as it takes; bound it with a timeout where no process may be at work.
        ///
        /// # Errors
        ///
        /// [`Error::ProjectionStopped`](crate::Error::ProjectionStopped) when the projection
        /// stopped before it saw the id.
        pub fn after(mut $self, id: Id) -> Self {
            $asks.after = $asks.after.max(id);
            $self
        }

        /// While this version of the projection is being built, reads the newest older one that
        /// has been; without it that is an error.
        ///
        /// The older one stands where the processes that know it have left it, and its documents
        /// must fit the type of today. Once this version has caught up it is read, and the older
        /// one never again.
        ///
        /// # Errors
        ///
        /// [`Error::Document`](crate::Error::Document) when the older document does not fit.
        pub fn or_older(mut $self) -> Self {
            $asks.or_older = true;
            $self
        }
    };
}

use asks;

impl<'a, P: Projection> View<'a, P> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, asks: Asks::default(), document: PhantomData }
    }

    asks!(self => self.asks);

    /// Names the document; it is `None` when there is no document of this key.
    ///
    /// For `#[projection(key = stream)]` the key is the whole name of the stream, as in `Cart-123`.
    pub fn key(self, key: impl fmt::Display) -> ViewOf<'a, P>
    where
        P: DocumentPerKey,
    {
        ViewOf { view: self, key: key.to_string() }
    }

    /// Reads one document.
    async fn read(self, key: &str) -> Result<Option<P>> {
        let stored = self.stored(key).await?;
        stored.map(|(view, json)| decode(&view, &json)).transpose()
    }

    /// Reads one document as it is stored.
    async fn stored(self, key: &str) -> Result<Option<(ViewId, Json)>> {
        let runner = self.app.runner::<P>()?;
        // Every key has a partition.
        let Some(part) = runner.part_of(key) else { return Ok(None) };
        let view = wait::readable::<P>(self.app, runner, &[part], self.asks).await?.view(key);
        let (_, document) = self.app.0.store.document(&view, key).await?;
        Ok(document.map(|json| (view, json)))
    }
}

impl<P> ViewOf<'_, P> {
    asks!(self => self.view.asks);
}

fn decode<P: Projection>(view: &ViewId, json: &Json) -> Result<P> {
    json.decode().map_err(|source| Error::Document { view: view.to_string(), source })
}

impl<'a, P: Projection + OneDocument> IntoFuture for View<'a, P> {
    type Output = Result<P>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.read("").await.map(Option::unwrap_or_default) })
    }
}

impl<'a, P: Projection> IntoFuture for ViewOf<'a, P> {
    type Output = Result<Option<P>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.view.read(&self.key).await })
    }
}

impl<P> fmt::Debug for View<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("asks", &self.asks).finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for ViewOf<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewOf").field("key", &self.key).field("view", &self.view).finish()
    }
}
