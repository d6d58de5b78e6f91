//! Closes what is due: streams that were left alone for long, and closed ones that are not archived
//! yet.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::{ClosedStream, Closing};
use crate::{
    App, Closed, Error, Event, Result, StreamId, Timestamp,
    app::erased::Erased,
    store::{Log, Query},
};

impl App {
    /// Closes the streams that are due: those of an aggregate with `closes_after = "90d"` whose
    /// last event is older than that, by the clock of the app; and moves what is closed, by
    /// whatever, into the archive if the app has one.
    ///
    /// To be called now and then, such as once a night; it reads the names and times of all events
    /// that are old enough. When one stream fails, the others are still closed, and the first error
    /// is the answer. Two programs may call it at the same time.
    ///
    /// # Errors
    ///
    /// As [`close`](App::close).
    pub async fn close_due(&self) -> Result<Vec<ClosedStream>> {
        let (mut closed, mut failed) = (Vec::new(), None);
        for model in &self.0.model.aggregates {
            let aggregate = self.named(model.name)?;
            for (stream, reason) in due(self, model.name, aggregate).await? {
                let closing = Closing { reason, ..Closing::default() };
                match aggregate.close(self, stream, closing).await {
                    Ok(one) => closed.push(one),
                    Err(error @ Error::Closed { .. }) => return Err(error),
                    Err(error) => {
                        tracing::warn!(aggregate = model.name, %error, "cannot close a stream");
                        failed.get_or_insert(error);
                    }
                }
            }
        }
        failed.map_or(Ok(closed), Err)
    }
}

/// The streams that are due, and why.
async fn due(
    app: &App,
    name: &str,
    aggregate: &dyn Erased,
) -> Result<Vec<(StreamId, Option<String>)>> {
    let mut due = Vec::new();
    let closed = closed(app, name).await?;
    if let Some(idle) = aggregate.closes_idle() {
        let before = app.0.clock.now().saturating_sub(idle).unwrap_or(Timestamp::MIN);
        for stream in streams(app, Query::all().category(name).to_time(before)).await? {
            let is_idle = last(app, &stream).await?.is_some_and(|last| last <= before);
            if is_idle && !closed.contains(&stream) {
                due.push((stream, Some(format!("closes after {idle:?} without an event"))));
            }
        }
    }
    if let Some(index) = app.0.archived.as_ref().filter(|index| index.archive().is_some()) {
        index.look().await?;
        let kept = closed.into_iter().filter(|stream| index.of(stream).is_none());
        due.extend(kept.map(|stream| (stream, None)));
    }
    Ok(due)
}

/// The streams of an aggregate that are closed.
async fn closed(app: &App, name: &str) -> Result<BTreeSet<StreamId>> {
    streams(app, Query::all().category(name).name(Closed::NAME)).await
}

async fn streams(app: &App, query: Query) -> Result<BTreeSet<StreamId>> {
    let mut streams = BTreeSet::new();
    let mut pages = app.0.store.read(query.without_meta());
    while let Some(page) = pages.next().await {
        streams.extend(page?.into_iter().map(|event| event.stream));
    }
    Ok(streams)
}

/// When the last event of a stream was committed.
async fn last(app: &App, stream: &StreamId) -> Result<Option<Timestamp>> {
    let query = Query::stream(stream.clone()).backward().limit(1).without_meta();
    let page = app.0.store.read(query).next().await.transpose()?;
    Ok(page.and_then(|page| page.first().map(|event| event.created)))
}
