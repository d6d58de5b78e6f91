//! Closes streams: no further events, and what there was moves into the archive.
//!
//! Closing is an event, appended on the version it was decided on: the store's own check puts it
//! and every racing action in an order. Then, where the app has an archive: the events are put
//! there and read back, an entry in the log says so, the projections and reactions of the app get
//! past them, a snapshot is stored, and the log lets them go. Each step is done once for good, and
//! whatever was interrupted goes on when the stream is closed again.

use std::{future::IntoFuture, marker::PhantomData, time::Duration};

use serde::Serialize;

use crate::{
    Aggregate, App, Archived, Closed, Error, Event, Events, Id, InvalidStream, Json, Meta, Result,
    StreamId, Timestamp, Version,
    app::{
        act::{self, Note, Options},
        aggregate::Registered,
        cell::Held,
    },
    clock::whole_microseconds,
    store::{Batch, BoxFuture, Expected, NewEvent},
};

mod away;
mod due;
mod lag;

/// How long the projections may take to get past a closed stream unless told otherwise.
const WITHIN: Duration = Duration::from_secs(30);

/// What a `$closed` event names as its cause.
const CAUSE: &str = "close";

/// Closes a stream; made by [`App::close`], runs when awaited.
///
/// Dropping the future while it runs leaves open how far it got; closing again goes on there.
#[must_use = "nothing happens before it is awaited"]
pub struct Close<'a, A> {
    app: &'a App,
    stream: Result<StreamId, InvalidStream>,
    closing: Closing,
    state: PhantomData<fn() -> A>,
}

/// How a stream is closed.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    reason: Option<String>,
    options: Options,
    within: Duration,
}

/// A stream that takes no more events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClosedStream {
    /// The stream.
    pub stream: StreamId,
    /// The version of the [`Closed`] that ends it.
    pub version: Version,
    /// Its id.
    pub id: Id,
    /// When it was closed.
    pub at: Timestamp,
    /// Where its events are; `None` where they are in the log, as they were.
    pub archived: Option<Archived>,
    /// How many events were removed from the log by this call.
    pub removed: u64,
}

impl Default for Closing {
    fn default() -> Self {
        Self { reason: None, options: Options::default(), within: WITHIN }
    }
}

impl App {
    /// Closes the stream of an aggregate: it takes no more events, and nothing opens it again.
    ///
    /// Where the app was built with an [`archive`](crate::Builder::archive), the events move there
    /// and leave the log; loads, histories and projections read them from there. Without one they
    /// stay where they are. What was begun and interrupted goes on when this is called again; on a
    /// stream that is closed and archived it does nothing.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Serialize, Deserialize)]
    /// # struct Counted { by: u64 }
    /// # #[derive(Events)]
    /// # enum CounterEvent { Counted(Counted) }
    /// # #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    /// # #[aggregate(events = CounterEvent)]
    /// # struct Counter { total: u64 }
    /// # #[patch]
    /// # impl Counter {
    /// #     fn counted(&mut self, event: Counted) { self.total += event.by }
    /// # }
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Count { by: u64 }
    /// # #[action]
    /// # impl Counter {
    /// #     fn count(&self, Count { by }: Count) -> Result<Counted, Unmet> { Ok(Counted { by }) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(Memory::new()).with::<Counter>().start().await?;
    /// app.act::<Counter>("a", Count { by: 2 }).await?;
    /// app.close::<Counter>("a").reason("counted out").actor("alice").await?;
    /// let refused = app.act::<Counter>("a", Count { by: 1 }).await;
    /// assert!(matches!(refused, Err(ActError::Closed(_))));
    /// assert_eq!(app.load::<Counter>("a").await?.total, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Archive`] when the archive does not take the events or does not give them back,
    /// [`Error::Lagging`], [`Error::ProjectionStopped`] or [`Error::ReactionStopped`] when one of
    /// the app's projections or reactions does not get past them, [`Error::Rights`] when the store
    /// does not let this program remove events. The stream is closed by then, and all of its events
    /// are in the log.
    pub fn close<A: Aggregate>(&self, id: impl std::fmt::Display) -> Close<'_, A> {
        let (stream, closing) = (StreamId::of::<A>(id), Closing::default());
        Close { app: self, stream, closing, state: PhantomData }
    }
}

impl<A: Aggregate> Close<'_, A> {
    /// Says why; kept in the [`Closed`] event.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.closing.reason = Some(reason.into());
        self
    }

    /// Names who closes; kept as `meta.actor`.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.closing.options.actor = Some(actor.into());
        self
    }

    /// Pins the version the stream must be at: another one is a conflict.
    pub fn expect(mut self, version: impl Into<Version>) -> Self {
        self.closing.options.expected = Some(version.into());
        self
    }

    /// Tells how long the projections and reactions may take to get past the stream's events
    /// before those are removed; 30 seconds unless told otherwise.
    pub fn within(mut self, time: Duration) -> Self {
        self.closing.within = time;
        self
    }

    async fn run(self) -> Result<ClosedStream> {
        let registered = self.app.registered::<A>()?;
        close(self.app, &registered, self.stream?, self.closing).await
    }
}

impl<'a, A: Aggregate> IntoFuture for Close<'a, A> {
    type Output = Result<ClosedStream>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<A> std::fmt::Debug for Close<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Close")
            .field("stream", &self.stream)
            .field("closing", &self.closing)
            .finish_non_exhaustive()
    }
}

/// Closes a stream, with or without types.
pub(super) async fn close<A: Aggregate>(
    app: &App,
    registered: &Registered<A>,
    stream: StreamId,
    closing: Closing,
) -> Result<ClosedStream> {
    let _inside = app.0.gate.enter()?;
    let held = mark(app, registered, &stream, &closing).await?;
    let (archived, removed) = match &app.0.archived {
        Some(index) if index.archive().is_some() && held.version > Version(1) => {
            let save = registered.snapshots.save(&stream, &held);
            let put = away::put(app, index, &stream, held.version, closing.within, save).await?;
            (Some(put.0), put.1)
        }
        _ => (None, 0),
    };
    let Held { version, id, created: at, .. } = held;
    Ok(ClosedStream { stream, version, id, at, archived, removed })
}

/// Appends what closes the stream, unless it is there.
async fn mark<A: Aggregate>(
    app: &App,
    registered: &Registered<A>,
    stream: &StreamId,
    closing: &Closing,
) -> Result<Held<A>> {
    let cell = registered.cell(stream);
    let _turn = cell.queue.lock().await;
    let mut tries = 0;
    loop {
        let held = registered.refresh(stream, &cell).await?;
        if held.closed {
            return Ok(held);
        }
        let expected = Expected::Version(closing.options.expected.unwrap_or(held.version));
        let correlation = app.0.ids.id();
        let meta = act::meta(CAUSE, &correlation, &closing.options, None, Note::one_of(1))?;
        let created = whole_microseconds(app.0.clock.now()).max(held.created);
        let event = event(closing.reason.clone(), meta, created)?;
        let batch = Batch::new(stream.clone(), expected, vec![event]);
        match app.0.store.append(batch).await {
            Ok(_) => tracing::info!(%stream, "the stream is closed"),
            Err(Error::StreamClosed(_)) => {}
            Err(Error::Conflict(conflict)) => {
                if closing.options.expected.is_some() || tries >= app.0.retries {
                    return Err(app.explained(conflict).await.into());
                }
                tries += 1;
                act::pause(tries).await;
            }
            Err(error) => {
                cell.forget();
                return Err(error);
            }
        }
    }
}

/// What closes the stream behind the events of an action, if one of them does.
pub(super) fn closing<A: Aggregate>(
    events: &[A::Events],
    meta: &Meta,
    created: Timestamp,
) -> Result<Option<NewEvent>> {
    if A::CLOSES_AFTER.is_empty() {
        return Ok(None);
    }
    let mut names = events.iter().map(|event| event.kind().name);
    let Some(name) = names.find(|name| A::CLOSES_AFTER.contains(name)) else { return Ok(None) };
    event(Some(format!("closes after {name}")), meta.clone(), created).map(Some)
}

fn event(reason: Option<String>, meta: Meta, created: Timestamp) -> Result<NewEvent> {
    Ok(NewEvent { meta, created, ..own(Closed::NAME, &Closed { reason })? })
}

/// An event that actum writes itself.
fn own(name: &'static str, event: &impl Serialize) -> Result<NewEvent> {
    let data = Json::from_value(event)
        .map_err(|source| Error::Encode { what: format!("the event `{name}`"), source })?;
    Ok(NewEvent::new(name, data))
}
