//! The events of one aggregate instance: its audit trail.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;

use crate::{Aggregate, Committed, Feed, Result, StreamId, app::App, store::Query};

/// All events of one aggregate instance, oldest first; made by [`App::history`].
///
/// Read it with [`next`](Self::next), with [`all`](Self::all), or as a `Stream`. After an error it
/// ends. What closed the stream is left out. With the feature `testing`, `to_test` prints it as a test.
#[must_use = "nothing is read before it is asked for"]
pub struct History<A: Aggregate> {
    stream: StreamId,
    feed: Feed<Committed<A::Events>>,
}

impl<A: Aggregate> History<A> {
    pub(super) fn new(app: &App, stream: StreamId) -> Self {
        let feed = Feed::typed(app.read(Query::stream(stream.clone())));
        Self { stream, feed }
    }

    /// The stream.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The next event; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Committed<A::Events>>> {
        self.feed.next().await
    }

    /// Everything that is left, in memory; for short histories.
    ///
    /// # Errors
    ///
    /// The first error of the read.
    pub async fn all(self) -> Result<Vec<Committed<A::Events>>> {
        self.feed.all().await
    }
}

impl<A: Aggregate> Stream for History<A> {
    type Item = Result<Committed<A::Events>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.feed).poll_next(cx)
    }
}

impl<A: Aggregate> std::fmt::Debug for History<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("stream", &self.stream).finish_non_exhaustive()
    }
}
