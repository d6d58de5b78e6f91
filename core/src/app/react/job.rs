//! What is run for a reaction, each in a task of its own: an event, the next of a lane, a timer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, StreamExt};
use tracing::Instrument;

use super::{Timer, Worker, timer_key};
use crate::{
    ActError, Committed, Error, Fault, Id, Reaction, Result, StreamId, Version,
    app::{App, Inner, act::Options},
    reaction::{Cx, Reactor},
    store::{Document, Query, ViewId},
    trace,
};

/// What waits for its turn.
pub(super) enum Job {
    Event(Committed),
    Lane { stream: StreamId, after: Version, tried: Tried },
    Timer(Box<Timer>),
}

/// How often the event behind the settled ones was tried.
#[derive(Clone, Copy)]
pub(super) struct Tried {
    pub(super) version: Version,
    pub(super) attempts: u32,
}

/// An event that was handled.
pub(super) struct Met {
    pub(super) stream: StreamId,
    pub(super) id: Id,
    pub(super) version: Version,
    pub(super) name: Arc<str>,
}

/// What came of it: what is to be stored, or why not.
pub(super) type Outcome = Result<Vec<Document>, Fault>;

/// A job that has come to its end.
pub(super) enum Finished {
    Event(Met, Outcome),
    /// The next event of a lane, if there was one.
    Lane(StreamId, Result<Option<(Met, Outcome)>>),
    Timer(Box<Timer>, Result<Fired, Fault>),
}

/// What became of a timer that was due.
pub(super) enum Fired {
    Acted,
    /// It had been cancelled, or replaced by another.
    Void,
}

impl<R: Reaction> Worker<R> {
    /// Handles an event; the app is kept alive until it is done.
    pub(super) async fn event(self: Arc<Self>, app: Arc<Inner>, event: Committed) -> Finished {
        let met = Met::new(&event);
        let outcome = match self.reactor(&event.name, event.stream.category()) {
            Some(reactor) => handle(App(app, None), &*self.reaction, reactor, event, 1).await,
            None => Ok(Vec::new()),
        };
        Finished::Event(met, outcome)
    }

    /// Handles the next event of a lane, up to what can have been left to it.
    pub(super) async fn lane(
        self: Arc<Self>,
        app: Arc<Inner>,
        stream: StreamId,
        (after, tried, reach): (Version, Tried, Id),
    ) -> Finished {
        let query = Query::stream(stream.clone()).from_version(after.next()).to_id(reach);
        let mut pages = self.store.read(super::query::<R>(query));
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return Finished::Lane(stream, Err(error)),
            };
            for event in page {
                let reactor = self.reactor(&event.name, event.stream.category());
                let Some(reactor) = reactor else { continue };
                let again = tried.version == event.version;
                let attempt = if again { tried.attempts + 1 } else { 1 };
                let met = Met::new(&event);
                let outcome =
                    handle(App(app, None), &*self.reaction, reactor, event, attempt).await;
                return Finished::Lane(stream, Ok(Some((met, outcome))));
            }
        }
        Finished::Lane(stream, Ok(None))
    }

    /// Asks what a timer is for.
    pub(super) async fn timer(self: Arc<Self>, app: Arc<Inner>, timer: Box<Timer>) -> Finished {
        let fired = timer.ask(&App(app, None), &self.view).await;
        Finished::Timer(timer, fired)
    }
}

impl Met {
    fn new(event: &Committed) -> Self {
        Self {
            stream: event.stream.clone(),
            id: event.id,
            version: event.version,
            name: Arc::clone(&event.name),
        }
    }
}

/// Calls a handler; a panic is a fault like any other.
async fn handle<R: Reaction>(
    app: App,
    reaction: &R,
    reactor: &Reactor<R>,
    event: Committed,
    attempt: u32,
) -> Outcome {
    let span = trace::react(R::NAME, &event);
    let cx = Cx::new(app, R::NAME, &event, attempt);
    let handling = (reactor.call)(reaction, event, &cx).instrument(span);
    match AssertUnwindSafe(handling).catch_unwind().await {
        Ok(Ok(())) => Ok(cx.into_changes()),
        Ok(Err(fault)) => Err(fault),
        Err(panic) => {
            Err(Fault::retry(format!("it panicked: {}", crate::app::message(panic.as_ref()))))
        }
    }
}

impl Timer {
    /// Asks the action, if the timer still counts.
    async fn ask(&self, app: &App, view: &ViewId) -> Result<Fired, Fault> {
        if let Some(key) = &self.key {
            let (_, pointer) = app.0.store.document(view, &timer_key(key)).await?;
            let place = pointer.map(|json| json.decode::<String>()).transpose()?;
            if place.as_deref() != Some(&*self.place()) {
                return Ok(Fired::Void);
            }
        }
        let options = Options {
            actor: self.actor.clone(),
            correlation: self.correlation.clone(),
            key: Some(self.action_key.clone()),
            expected: None,
            traceparent: self.traceparent.as_deref().and_then(|trace| trace.parse().ok()),
            cause: Some(self.event),
        };
        let aggregate = app.named(self.stream.category()).map_err(Fault::park)?;
        let acting = aggregate.act(app, self.stream.clone(), &self.action, &self.input, options);
        match AssertUnwindSafe(acting).catch_unwind().await {
            Ok(Ok(_)) => Ok(Fired::Acted),
            // Nobody is there to take a refusal, and asked again it would be the same.
            Ok(Err(
                error @ (ActError::Rejected(_)
                | ActError::Closed(_)
                | ActError::Store(Error::Unknown { .. })),
            )) => Err(Fault::park(error)),
            Ok(Err(error)) => Err(error.into()),
            Err(panic) => {
                Err(Fault::retry(format!("it panicked: {}", crate::app::message(panic.as_ref()))))
            }
        }
    }
}
