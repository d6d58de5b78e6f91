//! Given / when / then for a reaction: an event, what the handler asks, what it plans for later.

use std::{panic::Location, time::Duration};

use futures_util::StreamExt;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value;

use super::{
    FakeClock,
    compare::{self, fail},
};
use crate::{
    Action, Actions, Builder, Committed, Fault, Id, Reaction, StreamId,
    app::{App, Timer},
    reaction::{Cx, Reactor},
    store::{Batch, Expected, Log, Memory, NewEvent, Query},
};

/// Begins a test of a reaction; its value is given as to an app.
///
/// The handler runs on an app in memory of its own, at the time of the event.
pub fn reacting<R: Reaction>(reaction: R) -> Reacting<R> {
    Reacting { reaction, with: Vec::new(), given: Vec::new() }
}

/// How an aggregate is added, and its name.
type With = (&'static str, fn(Builder) -> Builder);

/// A reaction before its event.
#[must_use = "nothing is handled before `when`"]
pub struct Reacting<R> {
    reaction: R,
    with: Vec<With>,
    given: Vec<Committed>,
}

impl<R: Reaction> Reacting<R> {
    /// Adds an aggregate that the handler asks or reads, as where an app is built.
    pub fn with<A: Actions>(mut self) -> Self {
        self.with.push((A::NAME, Builder::with::<A>));
        self
    }

    /// What has happened before, on any streams; the reaction does not handle it.
    pub fn given(mut self, events: impl IntoIterator<Item = Committed>) -> Self {
        self.given.extend(events);
        self
    }

    /// Has the event handled, once.
    #[track_caller]
    pub fn when(self, event: Committed) -> impl Future<Output = Reacted<R>> {
        let place = Location::caller();
        async move {
            match Reacted::handle(self, event).await {
                Ok(reacted) => reacted,
                Err(why) => fail(format_args!("{}, at {place}: {why}", R::NAME)),
            }
        }
    }
}

/// What came of an event.
pub struct Reacted<R: Reaction> {
    reaction: R,
    app: App,
    store: Memory,
    event: Committed,
    reactor: &'static Reactor<R>,
    attempts: u32,
    outcome: Result<(), Fault>,
    timers: Vec<Timer>,
}

impl<R: Reaction> Reacted<R> {
    async fn handle(reacting: Reacting<R>, event: Committed) -> Result<Self, String> {
        let Reacting { reaction, with, mut given } = reacting;
        let Some(reactor) = R::HANDLERS.iter().find(|one| *one.event.name == *event.name) else {
            return Err(format!("it does not handle `{}`", event.name));
        };
        let store = Memory::new();
        let now = event.created;
        given.push(event);
        for event in given {
            let new = NewEvent {
                name: event.name.to_string().into(),
                schema: event.schema,
                data: event.data,
                meta: event.meta,
                created: event.created,
            };
            let batch = Batch::new(event.stream, Expected::Any, vec![new]);
            store.append(batch).await.map_err(|error| error.to_string())?;
        }
        let builder = App::new(store.clone()).clock(FakeClock::at(now));
        let builder = with.into_iter().fold(builder, |builder, (_, add)| add(builder));
        let app = builder.start().await.map_err(|error| error.to_string())?;
        let event = log(&store, Id(0)).await?.pop().ok_or("the event is not there")?;
        let mut reacted = Self {
            reaction,
            app,
            store,
            event,
            reactor,
            attempts: 0,
            outcome: Ok(()),
            timers: Vec::new(),
        };
        reacted.again().await;
        Ok(reacted)
    }

    async fn again(&mut self) {
        self.attempts += 1;
        let cx = Cx::new(self.app.clone(), R::NAME, &self.event, self.attempts);
        self.outcome = (self.reactor.call)(&self.reaction, self.event.clone(), &cx).await;
        // A handler that fails sets no timers.
        self.timers = Vec::new();
        if self.outcome.is_ok() {
            let changes = cx.into_changes().into_iter().filter_map(|change| change.data);
            // Besides timers only their pointers are set, which are texts.
            self.timers = changes.filter_map(|data| data.decode().ok()).collect();
        }
    }

    /// Has the same event handled once more, as after a crash; what follows must not double.
    pub async fn repeated(mut self) -> Self {
        self.again().await;
        self
    }

    /// These events followed, in this order, and no others.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = Committed>) -> impl Future<Output = Self> {
        let place = Location::caller();
        let expected: Vec<Committed> = events.into_iter().collect();
        async move {
            if let Err(fault) = &self.outcome {
                fail(format_args!("{}, at {place}: it failed: {}", R::NAME, fault.text()));
            }
            let actual = match log(&self.store, self.event.id).await {
                Ok(actual) => actual,
                Err(why) => fail(format_args!("{}, at {place}: {why}", R::NAME)),
            };
            let (expected, actual) = (lines(&expected), lines(&actual));
            if expected != actual {
                fail(format_args!(
                    "{}, at {place}: other events followed than expected (- expected, + actual)\n{}",
                    R::NAME,
                    compare::difference(&expected, &actual),
                ));
            }
            self
        }
    }

    /// These actions were planned, in any order, and no others.
    #[track_caller]
    pub fn then_later(self, planned: impl IntoIterator<Item = Planned>) {
        let mut expected: Vec<String> = planned.into_iter().map(|one| one.0).collect();
        let now = self.event.created;
        let mut actual: Vec<String> = self
            .timers
            .iter()
            .map(|timer| {
                let input = timer.input.decode().unwrap_or(Value::Null);
                plan(timer.due.duration_since(now), &timer.stream, &timer.action, &input)
            })
            .collect();
        expected.sort_unstable();
        actual.sort_unstable();
        if expected != actual {
            fail(format_args!(
                "{}: other actions were planned than expected (- expected, + actual)\n{}",
                R::NAME,
                compare::difference(&expected, &actual),
            ));
        }
    }

    /// The handler failed with an error that says this, and will be tried again.
    #[track_caller]
    pub fn then_retried_saying(self, text: &str) {
        self.failed_saying(text, false);
    }

    /// The handler parked the stream with an error that says this.
    #[track_caller]
    pub fn then_parked_saying(self, text: &str) {
        self.failed_saying(text, true);
    }

    #[track_caller]
    fn failed_saying(&self, text: &str, parks: bool) {
        let what = |parks| if parks { "parked" } else { "to be tried again" };
        match &self.outcome {
            Err(fault) if fault.is_permanent() == parks && fault.text().contains(text) => {}
            Err(fault) => fail(format_args!(
                "{}: expected {} saying `{text}`, but it is {} saying `{}`",
                R::NAME,
                what(parks),
                what(fault.is_permanent()),
                fault.text(),
            )),
            Ok(()) => fail(format_args!(
                "{}: expected {} saying `{text}`, but it went well",
                R::NAME,
                what(parks),
            )),
        }
    }
}

/// An action that is planned for later; made by [`later`].
#[derive(Clone, Debug)]
pub struct Planned(String);

/// An action so long after the event, as a handler plans it with `Ask::later`.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a test writes the input down as it is")]
pub fn later<A, I>(after: Duration, id: impl std::fmt::Display, input: I) -> Planned
where
    A: Action<I>,
    I: Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let stream = match StreamId::of::<A>(id) {
        Ok(stream) => stream,
        Err(error) => fail(format_args!("{error}")),
    };
    match (SignedDuration::try_from(after), compare::to_value(&input)) {
        (Ok(after), Ok(input)) => Planned(plan(after, &stream, A::SPEC.name, &input)),
        (Err(error), _) => fail(format_args!("{after:?}: {error}")),
        (_, Err(error)) => fail(format_args!("the input cannot be encoded: {error}")),
    }
}

fn plan(after: SignedDuration, stream: &StreamId, action: &str, input: &Value) -> String {
    format!("{action} of {stream} after {after:#}: {input}")
}

async fn log(store: &Memory, after: Id) -> Result<Vec<Committed>, String> {
    let mut pages = store.read(Query::all().after(after));
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page.map_err(|error| error.to_string())?);
    }
    Ok(events)
}

/// An event as lines: its stream and name, then the payload.
fn lines(events: &[Committed]) -> Vec<String> {
    let mut all = Vec::new();
    for event in events {
        let data = event.data.decode().unwrap_or(Value::Null);
        let mut shown = compare::json_lines(&data).into_iter();
        let first = shown.next().unwrap_or_default();
        all.push(format!("{} {} {first}", event.stream, event.name));
        all.extend(shown);
    }
    all
}

impl<R> std::fmt::Debug for Reacting<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let with: Vec<_> = self.with.iter().map(|(name, _)| name).collect();
        f.debug_struct("Reacting")
            .field("with", &with)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

impl<R: Reaction> std::fmt::Debug for Reacted<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reacted")
            .field("event", &self.event)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
