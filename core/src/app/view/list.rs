//! Lists the documents of a projection by their keys, page by page.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};

use super::{Asks, asks, decode, wait};
use crate::{
    App, Id, Projection, Result,
    store::{Document, Store, ViewId},
};

/// How many documents a page holds.
const PAGE: u64 = 256;

/// The documents of a projection by increasing key; made by [`App::views`].
///
/// Read with [`next`](Self::next), or as a `Stream` of keys and documents. The documents are read
/// page by page while the projection goes on: each is as it was when its page was read. After an
/// error it ends.
///
/// ```
/// use actum::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct Counted { by: u64 }
/// #[derive(Events)]
/// enum CounterEvent { Counted(Counted) }
/// #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
/// #[aggregate(events = CounterEvent)]
/// struct Counter { total: u64 }
/// #[patch]
/// impl Counter {
///     fn counted(&mut self, event: Counted) { self.total += event.by }
/// }
/// #[derive(Serialize, Deserialize)]
/// struct Count { by: u64 }
/// #[action]
/// impl Counter {
///     fn count(&self, Count { by }: Count) -> Result<Counted, std::convert::Infallible> {
///         Ok(Counted { by })
///     }
/// }
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Total { sum: u64 }
/// #[projection(key = stream)]
/// impl Total {
///     fn counted(&mut self, event: &Committed<Counted>) { self.sum += event.data.by }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::new(Memory::new()).with::<Counter>().project::<Total>().start().await?;
/// app.act::<Counter>("b", Count { by: 2 }).await?;
/// let done = app.act::<Counter>("a", Count { by: 3 }).await?;
/// let one = app.view::<Total>().key("Counter-a").after(done.id).await?;
/// assert_eq!(one.map(|total| total.sum), Some(3));
///
/// let mut all = app.views::<Total>().prefix("Counter-").after(done.id);
/// let mut keys = Vec::new();
/// while let Some(next) = all.next().await {
///     let (key, total) = next?;
///     keys.push((key, total.sum));
/// }
/// assert_eq!(keys, [("Counter-a".to_owned(), 3), ("Counter-b".to_owned(), 2)]);
/// # Ok(()) }
/// ```
#[must_use = "nothing is read before it is asked for"]
pub struct Views<P> {
    app: App,
    asks: Asks,
    prefix: String,
    started: Option<Documents<P>>,
}

type Documents<P> = Pin<Box<dyn Stream<Item = Result<(String, P)>> + Send>>;

impl<P: Projection> Views<P> {
    pub(in crate::app) fn new(app: &App) -> Self {
        let (app, asks) = (app.clone(), Asks::default());
        Self { app, asks, prefix: String::new(), started: None }
    }

    /// Lists only the documents whose key starts with this text.
    pub fn prefix(mut self, prefix: impl fmt::Display) -> Self {
        self.prefix = prefix.to_string();
        self
    }

    asks!(self => self.asks);

    /// The next document with its key; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<(String, P)>> {
        StreamExt::next(self).await
    }

    /// All of them, in memory; for short lists.
    ///
    /// # Errors
    ///
    /// The first error of the read.
    pub async fn all(mut self) -> Result<Vec<(String, P)>> {
        let mut all = Vec::new();
        while let Some(one) = self.next().await {
            all.push(one?);
        }
        Ok(all)
    }
}

impl<P: Projection> Stream for Views<P> {
    type Item = Result<(String, P)>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { app, asks, prefix, started } = &mut *self;
        let documents = started
            .get_or_insert_with(|| Box::pin(documents(app.clone(), *asks, std::mem::take(prefix))));
        documents.as_mut().poll_next(cx)
    }
}

/// The documents of all partitions, by key.
fn documents<P: Projection>(
    app: App,
    asks: Asks,
    prefix: String,
) -> impl Stream<Item = Result<(String, P)>> + Send {
    let begin = async move { Merge::begin::<P>(&app, asks, &prefix, None).await };
    let merged = async move {
        let rest: Documents<P> = match begin.await {
            Ok(merge) => Box::pin(stream::unfold(Some(merge), next::<P>)),
            Err(error) => Box::pin(stream::once(async { Err(error) })),
        };
        rest
    };
    stream::once(merged).flatten()
}

async fn next<P: Projection>(merge: Option<Merge>) -> Option<(Result<(String, P)>, Option<Merge>)> {
    let mut merge = merge?;
    match merge.next().await {
        // A listed document has content.
        Ok(found) => {
            let (view, Document { key, data }) = found?;
            match decode(&view, &data?) {
                Ok(document) => Some((Ok((key, document)), Some(merge))),
                Err(error) => Some((Err(error), None)),
            }
        }
        Err(error) => Some((Err(error), None)),
    }
}

/// The listings of all partitions.
pub(super) struct Merge(Vec<Listing>);

impl Merge {
    /// Begins behind a key, or with the first document.
    pub(super) async fn begin<P: Projection>(
        app: &App,
        asks: Asks,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Self> {
        let runner = app.runner::<P>()?;
        let parts: Vec<_> = runner.parts.iter().collect();
        let source = wait::readable::<P>(app, runner, &parts, asks).await?;
        let listing = |view| {
            let after = after.map(str::to_owned);
            Listing { after, ..Listing::new(&app.0.store, view, prefix) }
        };
        Ok(Self(source.views().into_iter().map(listing).collect()))
    }

    /// The document with the lowest key.
    pub(super) async fn next(&mut self) -> Result<Option<(ViewId, Document)>> {
        for listing in &mut self.0 {
            listing.fill().await?;
        }
        let first = |listing: &&mut Listing| listing.page.front().map(|one| one.key.clone());
        let listings = self.0.iter_mut().filter(|listing| !listing.page.is_empty());
        let Some(lowest) = listings.min_by_key(first) else { return Ok(None) };
        Ok(lowest.page.pop_front().map(|document| (lowest.view.clone(), document)))
    }
}

/// The documents of one partition, page by page.
pub(in crate::app) struct Listing {
    store: Arc<dyn Store>,
    view: ViewId,
    prefix: String,
    pub(in crate::app) page: VecDeque<Document>,
    after: Option<String>,
    is_over: bool,
}

impl Listing {
    pub(in crate::app) fn new(store: &Arc<dyn Store>, view: ViewId, prefix: &str) -> Self {
        Self {
            store: Arc::clone(store),
            view,
            prefix: prefix.to_owned(),
            page: VecDeque::new(),
            after: None,
            is_over: false,
        }
    }

    /// Reads the next page when there is none.
    pub(in crate::app) async fn fill(&mut self) -> Result<()> {
        if self.is_over || !self.page.is_empty() {
            return Ok(());
        }
        let Self { store, view, prefix, after, .. } = self;
        let page = store.documents(view, prefix, after.as_deref(), PAGE).await?;
        self.is_over = (page.len() as u64) < PAGE;
        self.after = page.last().map(|last| last.key.clone());
        self.page = page.into();
        Ok(())
    }
}

impl<P> fmt::Debug for Views<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Views").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
