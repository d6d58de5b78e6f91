//! Acts on an aggregate: state, preconditions, decision, append, state.
//!
//! The append expects the version the decision was made on. On a conflict the decision is made
//! again on the newer state, a bounded number of times, unless the caller pinned the version. A
//! refusal that was decided on a state in memory is checked against the store before it is
//! believed.

use std::{
    borrow::Cow, fmt::Display, future::IntoFuture, marker::PhantomData, pin::pin, time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tracing::{Instrument, Span};

use crate::{
    ActError, Action, Aggregate, App, Apply, Conflict, Emits, Error, Events, Id, InvalidStream,
    Json, Meta, Result, StreamId, Version,
    app::{
        aggregate::Registered,
        cell::{Cell, Held},
        invariants, readable,
    },
    clock::whole_microseconds,
    event::causation,
    measure,
    reaction::KEYS,
    store::{Appended, Batch, BoxFuture, Expected, Key, NewEvent},
    trace::{self, Asked, TraceParent},
};

/// How long a writer waits at most before it tries again after its first conflict.
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// How long a writer waits at most between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Asks actions of aggregates; every [`App`] does.
///
/// It is a trait so that a call names only the aggregate: `app.act::<Cart>("123", AddItem { … })`.
pub trait Acts<I>: sealed::Sealed {
    /// Asks an action of an aggregate and stores what it emits; runs when awaited.
    fn act<A>(&self, id: impl Display, input: I) -> Act<'_, A, I>
    where
        A: Action<I>,
        I: Serialize + DeserializeOwned + Send + 'static;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::App {}
}

impl<I> Acts<I> for App {
    fn act<A>(&self, id: impl Display, input: I) -> Act<'_, A, I>
    where
        A: Action<I>,
        I: Serialize + DeserializeOwned + Send + 'static,
    {
        let stream = StreamId::of::<A>(id);
        Act { app: self, stream, input, options: Options::default(), state: PhantomData }
    }
}

/// An action to be asked; made by [`Acts::act`], runs when awaited.
///
/// Dropping the future while it runs leaves the outcome open; with a [`key`](Self::key) it can be
/// asked again without doubling.
#[must_use = "nothing happens before it is awaited"]
pub struct Act<'a, A, I> {
    app: &'a App,
    stream: Result<StreamId, InvalidStream>,
    input: I,
    options: Options,
    state: PhantomData<fn() -> A>,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// The stream.
    pub stream: StreamId,
    /// The version of the stream afterwards.
    pub version: Version,
    /// The id of the last event of the stream, for [`View::after`](crate::View::after).
    pub id: Id,
    /// How many events were stored.
    pub events: u64,
    /// Whether this is the outcome of an earlier request with the same key.
    pub repeated: bool,
}

/// How an action is asked, besides its input.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) actor: Option<String>,
    pub(super) correlation: Option<String>,
    pub(super) key: Option<String>,
    pub(super) expected: Option<Version>,
    pub(super) traceparent: Option<TraceParent>,
    /// The event that a reaction asks this for.
    pub(super) cause: Option<Id>,
}

impl Options {
    fn asked(&self) -> Asked<'_> {
        let Self { actor, correlation, key, expected: _, traceparent, cause: _ } = self;
        Asked {
            actor: actor.as_deref(),
            correlation: correlation.as_deref(),
            key: key.as_deref(),
            traceparent: *traceparent,
        }
    }
}

macro_rules! options {
    () => {
        /// Names who asks; kept as `meta.actor`.
        pub fn actor(mut self, actor: impl Into<String>) -> Self {
            self.options.actor = Some(actor.into());
            self
        }

        /// Names what this belongs to; kept as `meta.correlation`, a new id unless given.
        pub fn correlation(mut self, correlation: impl Into<String>) -> Self {
            self.options.correlation = Some(correlation.into());
            self
        }

        /// Makes the request idempotent: asked again with the same key and the same input it
        /// stores nothing and answers with the first outcome.
        ///
        /// A key that begins with `react/` is refused with
        /// [`Error::ReservedKey`]($crate::Error::ReservedKey): so do those by which reactions act
        /// once, and whoever guessed one could keep a reaction from acting.
        pub fn key(mut self, key: impl Into<String>) -> Self {
            self.options.key = Some(key.into());
            self
        }

        /// Names the trace that this belongs to; kept as `meta.traceparent`.
        ///
        /// A header that may be malformed is best passed as `header.parse().ok()`: W3C asks that
        /// such a one be ignored. Where the app was built with
        /// [`traces`](crate::Builder::traces), what they say goes on in the span of the action is
        /// kept in its place.
        pub fn traceparent(
            mut self,
            traceparent: impl Into<Option<$crate::trace::TraceParent>>,
        ) -> Self {
            self.options.traceparent = traceparent.into();
            self
        }

        /// Pins the version the stream must be at: a conflict is answered, not tried again.
        pub fn expect(mut self, version: impl Into<$crate::Version>) -> Self {
            self.options.expected = Some(version.into());
            self
        }
    };
}
pub(super) use options;

impl<A, I> Act<'_, A, I>
where
    A: Action<I>,
    I: Serialize + DeserializeOwned + Send + 'static,
{
    options!();

    /// Asks for a reaction: the key stands for the place in it, whatever the input is.
    pub(crate) fn caused_by(
        mut self,
        id: Id,
        key: String,
        correlation: Option<String>,
        traceparent: Option<TraceParent>,
    ) -> Self {
        self.options.cause = Some(id);
        self.options.traceparent = traceparent;
        self.options.key = Some(key);
        self.options.correlation = correlation;
        self
    }

    async fn run(self) -> Result<Done, ActError<A::Error>> {
        let registered = self.app.registered::<A>()?;
        let stream = self.stream?;
        let name = A::SPEC.name;
        // The input is kept as JSON because the decision may have to be made again.
        let json = encode(name, &self.input)?;
        let mut input = Some(self.input);
        let request = Request { name, stream, input: &json, options: self.options };
        let decide = |state: &A| {
            let input = match input.take() {
                Some(input) => input,
                None => json.decode().map_err(|source| unreadable(name, source))?,
            };
            let emitted = state.act(input).map_err(ActError::Rejected)?;
            let mut events = Vec::new();
            emitted.emit(&mut events);
            Ok(events)
        };
        run(self.app, &registered, request, decide).await
    }
}

impl<'a, A, I> IntoFuture for Act<'a, A, I>
where
    A: Action<I>,
    I: Serialize + DeserializeOwned + Send + 'static,
{
    type Output = Result<Done, ActError<A::Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A request, with or without types.
pub(super) struct Request<'a> {
    pub(super) name: &'static str,
    pub(super) stream: StreamId,
    pub(super) input: &'a Json,
    pub(super) options: Options,
}

/// Carries out a request, counted and within a span, unless the app is shut down.
pub(super) async fn run<A: Aggregate, E>(
    app: &App,
    registered: &Registered<A>,
    request: Request<'_>,
    decide: impl FnMut(&A) -> Result<Vec<A::Events>, ActError<E>> + Send,
) -> Result<Done, ActError<E>>
where
    E: Send,
{
    let _inside = app.0.gate.enter()?;
    let action = request.name;
    let span = trace::act(A::NAME, action, &request.stream, request.options.asked());
    if let (Some(traces), Some(cause)) = (&app.0.traces, request.options.traceparent) {
        traces.follows(&span, cause);
    }
    // Pinned where it is made: moving it would cost more than the span.
    let answering = pin!(decide_and_append(app, registered, request, &span, decide));
    let answer = answering.instrument(span.clone()).await;
    let outcome = outcome(&answer);
    measure::acted(A::NAME, action, outcome);
    if let Ok(done) = &answer {
        span.record(trace::EVENTS, done.events);
        span.record(trace::VERSION, done.version.0).record(trace::ID, done.id.0);
    }
    span.record(trace::OUTCOME, outcome);
    answer
}

/// What came of a request, in one word, for spans and metrics.
fn outcome<E>(answer: &Result<Done, ActError<E>>) -> &'static str {
    match answer {
        Ok(done) if done.repeated => "repeated",
        Ok(done) if done.events == 0 => "unchanged",
        Ok(_) => "stored",
        Err(ActError::Rejected(_)) => "rejected",
        Err(ActError::Conflict(_)) => "conflict",
        Err(ActError::Store(_)) => "failed",
    }
}

/// Makes a decision and stores it; makes it again when others were faster.
async fn decide_and_append<A: Aggregate, E>(
    app: &App,
    registered: &Registered<A>,
    request: Request<'_>,
    span: &Span,
    mut decide: impl FnMut(&A) -> Result<Vec<A::Events>, ActError<E>> + Send,
) -> Result<Done, ActError<E>>
where
    E: Send,
{
    let Request { name, stream, input, options } = request;
    let key = key(name, &stream, input, &options)?;
    if let Some(key) = &key
        && let Some(first) = app.0.store.keyed(&key.key).await?
    {
        if first.fingerprint != key.fingerprint {
            return Err(Error::KeyReused { key: key.key.to_string() }.into());
        }
        return Ok(repeated(stream, &first.appended));
    }
    let correlation = options.correlation.clone().unwrap_or_else(|| app.0.ids.id());
    // Asked inside the span of the action, whose own place in the trace it is.
    let current = app.0.traces.as_ref().and_then(|traces| traces.current());
    let traceparent = current.or(options.traceparent);
    let cell = registered.cell(&stream);
    let _turn = cell.queue.lock().await;
    let mut tries = 0;
    let mut held = registered.load(&stream, &cell).await?;
    loop {
        if let Some(expected) = options.expected
            && expected != held.version
        {
            held = registered.refresh(&stream, &cell).await?;
            if expected != held.version {
                let conflict = Conflict::new(stream, Expected::Version(expected), held.version);
                return Err(ActError::Conflict(app.explained(conflict).await));
            }
        }
        let decided = decide(&held.state).and_then(|events| {
            invariants::check(registered.invariants, &stream, name, &held.state, &events)?;
            Ok(events)
        });
        let events = match decided {
            Ok(events) if !events.is_empty() => events,
            answer => {
                // Nothing will be appended, so nothing else tells whether the state was the
                // latest.
                let seen = held.version;
                held = registered.refresh(&stream, &cell).await?;
                if held.version != seen && tries < app.0.retries {
                    tries += 1;
                    again::<A>(name, tries, span);
                    continue;
                }
                answer?;
                return Ok(Done {
                    stream,
                    version: held.version,
                    id: held.id,
                    events: 0,
                    repeated: false,
                });
            }
        };
        let expected = match held.version {
            Version(0) => Expected::Empty,
            version => Expected::Version(version),
        };
        let created = whole_microseconds(app.0.clock.now()).max(held.created);
        let meta = meta(name, &correlation, &options, traceparent)?;
        let new = new_events(&stream, &events, meta, created)?;
        let batch = Batch::new(stream.clone(), expected, new);
        let batch = Batch { key: key.clone(), ..batch };
        let from = held.version;
        drop(held);
        let timer = measure::Timer::start();
        let appending = trace::append(&stream, events.len());
        let answer = app.0.store.append(batch).instrument(appending).await;
        timer.appended(A::NAME);
        match answer {
            Ok(appended) if appended.repeated => return Ok(repeated(stream, &appended)),
            Ok(appended) => {
                let count = events.len() as u64;
                let (version, id) = place(&appended);
                patch(&cell, from, events, |held| {
                    (held.version, held.id, held.created) = (version, id, created);
                });
                registered.snapshots.consider(&stream, from, version, || cell.get());
                return Ok(Done { stream, version, id, events: count, repeated: false });
            }
            Err(Error::Conflict(conflict)) => {
                measure::conflict(A::NAME, name);
                if options.expected.is_some() || tries >= app.0.retries {
                    return Err(ActError::Conflict(app.explained(conflict).await));
                }
                tries += 1;
                tracing::debug!(%stream, action = name, tries, "conflict, deciding again");
                again::<A>(name, tries, span);
                pause(tries).await;
                held = registered.refresh(&stream, &cell).await?;
            }
            Err(error) => {
                // The events may be there or not: the next one asks the store.
                cell.forget();
                return Err(error.into());
            }
        }
    }
}

/// The key of a request, with what it stands for.
fn key(name: &str, stream: &StreamId, input: &Json, options: &Options) -> Result<Option<Key>> {
    let Some(key) = options.key.as_deref() else { return Ok(None) };
    let is_reaction = options.cause.is_some();
    if key.starts_with(KEYS) && !is_reaction {
        return Err(Error::ReservedKey { key: key.to_owned() });
    }
    // A reaction that is repeated may have another input at hand, and gets the first outcome.
    let input = if is_reaction { &[][..] } else { input.as_bytes() };
    Ok(Some(Key::new(key, [stream.as_str().as_bytes(), name.as_bytes(), input])))
}

/// A decision is made again, for the `tries`th time.
fn again<A: Aggregate>(action: &'static str, tries: u32, span: &Span) {
    measure::retry(A::NAME, action);
    span.record(trace::TRIES, tries);
}

fn patch<A: Aggregate>(
    cell: &Cell<A>,
    from: Version,
    events: Vec<A::Events>,
    place: impl FnOnce(&mut Held<A>),
) {
    cell.advance(from, |held| {
        let state = std::sync::Arc::make_mut(&mut held.state);
        for event in events {
            event.apply(state);
        }
        place(held);
    });
}

fn place(appended: &Appended) -> (Version, Id) {
    appended.placed.first().map_or((Version(0), Id(0)), |placed| (placed.version, placed.last))
}

fn repeated(stream: StreamId, first: &Appended) -> Done {
    let (version, id) = place(first);
    let events = first.placed.first().map_or(0, |placed| placed.count);
    Done { stream, version, id, events, repeated: true }
}

/// The meta data of an action's events, as [`MetaFields`](crate::MetaFields) reads it.
#[derive(Serialize)]
struct Written<'a> {
    correlation: &'a str,
    causation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<TraceParent>,
}

fn meta(
    name: &str,
    correlation: &str,
    options: &Options,
    traceparent: Option<TraceParent>,
) -> Result<Meta> {
    let (actor, key) = (options.actor.as_deref(), options.key.as_deref());
    let causation = match options.cause {
        None => Cow::Borrowed(name),
        Some(event) => Cow::Owned(causation::of(name, event)),
    };
    let causation = &*causation;
    Json::from_value(&Written { correlation, causation, actor, key, traceparent })
        .map(Meta::from_stored)
        .map_err(|source| Error::Encode { what: "the meta data".to_owned(), source })
}

fn new_events<Es: Events>(
    stream: &StreamId,
    events: &[Es],
    meta: Meta,
    created: jiff::Timestamp,
) -> Result<Vec<NewEvent>> {
    let mut new = Vec::with_capacity(events.len());
    for (event, meta) in events.iter().zip(std::iter::repeat_n(meta, events.len())) {
        let kind = event.kind();
        let data = Json::written(|out| event.encode(out)).map_err(|source| Error::Encode {
            what: format!("the event `{}` for `{stream}`", kind.name),
            source,
        })?;
        readable::check::<Es>(stream, kind, &data)?;
        new.push(NewEvent { name: kind.name.into(), schema: kind.version, data, meta, created });
    }
    Ok(new)
}

fn encode<I: Serialize>(name: &str, input: &I) -> Result<Json> {
    Json::from_value(input)
        .map_err(|source| Error::Encode { what: format!("the input of `{name}`"), source })
}

fn unreadable(name: &str, source: serde_json::Error) -> Error {
    Error::Encode { what: format!("the input of `{name}` so that it can be read again"), source }
}

/// Waits for a random time that may be longer after every try.
async fn pause(tries: u32) {
    let most = FIRST_PAUSE.saturating_mul(1 << tries.min(7)).min(LONGEST_PAUSE);
    tokio::time::sleep(most.mul_f64(fastrand::f64())).await;
}

impl<A, I> std::fmt::Debug for Act<'_, A, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Act")
            .field("stream", &self.stream)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
