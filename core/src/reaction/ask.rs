//! How a handler asks an action: now, or later by a durable timer.

use std::{any::TypeId, fmt, future::IntoFuture, marker::PhantomData, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Act, Action, Error, InvalidStream, Json, Result, StreamId,
    app::{Acts, Timer},
    clock::whole_microseconds,
    reaction::{Asked, Cx, Part},
    store::BoxFuture,
};

/// The right of a handler to ask the action `I` of the aggregate `A`; it is a parameter of the
/// handler, so the signature tells what follows from an event.
///
/// What is asked carries the correlation of the event, names it as its cause, and is keyed by
/// reaction, event and ordinal: an event that is handled again asks nothing twice, and gets the
/// first outcome. So a handler must ask the same things in the same order for the same event; their
/// contents may differ.
pub struct Ask<'a, A, I> {
    cx: &'a Cx,
    action: PhantomData<fn(I) -> A>,
}

impl<'a, A, I> Ask<'a, A, I>
where
    A: Action<I>,
    I: Serialize + DeserializeOwned + Send + 'static,
{
    /// Asks the action now; runs when awaited.
    pub fn act(&self, id: impl fmt::Display, input: I) -> Act<'a, A, I> {
        let (_, key) = self.cx.next();
        let (correlation, trace) = (self.cx.correlation.clone(), self.cx.traceparent);
        self.cx.app().act::<A>(id, input).caused_by(self.cx.event, key, correlation, trace)
    }

    /// Asks the action after a [`Duration`], or at a [`Timestamp`], by the clock of the app.
    ///
    /// When awaited the timer is noted; it is stored with the mark that the event is settled, and
    /// survives restarts. A handler that fails sets no timers.
    #[expect(clippy::needless_pass_by_value, reason = "as `act` takes it")]
    pub fn later(&self, when: impl Into<When>, id: impl fmt::Display, input: I) -> Later<'a> {
        let (ordinal, action_key) = self.cx.next();
        Later {
            cx: self.cx,
            when: when.into(),
            stream: StreamId::of::<A>(id),
            action: A::SPEC.name,
            input: Json::from_value(&input),
            ordinal,
            action_key,
            key: None,
            actor: None,
        }
    }
}

/// When a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after the event is handled.
    In(Duration),
    /// At this time, or at once if it has passed.
    At(Timestamp),
}

impl From<Duration> for When {
    fn from(duration: Duration) -> Self {
        Self::In(duration)
    }
}

impl From<Timestamp> for When {
    fn from(time: Timestamp) -> Self {
        Self::At(time)
    }
}

/// A timer to be set; made by [`Ask::later`], noted when awaited.
#[must_use = "no timer is set before it is awaited"]
#[derive(Debug)]
pub struct Later<'a> {
    cx: &'a Cx,
    when: When,
    stream: Result<StreamId, InvalidStream>,
    action: &'static str,
    input: Result<Json, serde_json::Error>,
    ordinal: u32,
    action_key: String,
    key: Option<String>,
    actor: Option<String>,
}

impl Later<'_> {
    /// Names the timer within its reaction, so that it can be cancelled; it takes the place of
    /// the one that had the name before.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Names who asks; kept as `meta.actor`.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    fn note(self) -> Result<()> {
        let Self { cx, when, action, .. } = self;
        let input = self
            .input
            .map_err(|source| Error::Encode { what: format!("the input of `{action}`"), source })?;
        let due = match when {
            When::In(duration) => cx.app().now().saturating_add(duration).unwrap_or(Timestamp::MAX),
            When::At(time) => time,
        };
        let timer = Timer {
            due: whole_microseconds(due),
            stream: self.stream?,
            action: action.to_owned(),
            input,
            event: cx.event,
            ordinal: self.ordinal,
            cause: cx.stream.clone(),
            correlation: cx.correlation.clone(),
            traceparent: cx.traceparent.map(|trace| trace.to_string()),
            actor: self.actor,
            action_key: self.action_key,
            key: self.key,
            attempts: 0,
            error: None,
            since: None,
            once: false,
        };
        for document in timer.documents()? {
            cx.leave(document);
        }
        Ok(())
    }
}

impl<'a> IntoFuture for Later<'a> {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.note() })
    }
}

impl<'a, A, I> Part<'a> for Ask<'a, A, I>
where
    A: Action<I>,
    I: Serialize + DeserializeOwned + Send + 'static,
{
    fn of(cx: &'a Cx) -> Self {
        Self { cx, action: PhantomData }
    }

    fn asks(out: &mut Vec<Asked>) {
        let type_id = TypeId::of::<A>();
        out.push(Asked { aggregate: A::NAME, action: A::SPEC.name, type_id });
    }
}

impl<A, I> fmt::Debug for Ask<'_, A, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("cx", self.cx).finish()
    }
}
