//! Given / then for a projection: committed events, and the view they fold into.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Display},
    marker::PhantomData,
};

use jiff::Timestamp;

use super::compare::{self, fail};
use crate::{
    Aggregate, Committed, Event, Events, Id, Json, Kind, Meta, Projection, ProjectionModel,
    StreamId, Version, privacy,
};

/// Begins a committed event of this stream, as in `on("Cart-1").at("2024-06-01T14:23:00Z")`.
#[track_caller]
pub fn on(stream: &str) -> On {
    On { stream: parsed(stream), created: Timestamp::UNIX_EPOCH }
}

/// A stream and a time at which an event happened.
#[must_use = "no event has happened before `happened`"]
#[derive(Clone, Debug)]
pub struct On {
    stream: StreamId,
    created: Timestamp,
}

impl On {
    /// Sets when it was committed; the start of 1970 unless set.
    #[track_caller]
    pub fn at(self, time: &str) -> Self {
        Self { created: parsed(time), ..self }
    }

    /// The event itself; its id and version are given by its place in the list.
    #[expect(clippy::needless_pass_by_value, reason = "a test writes the event down as it is")]
    #[track_caller]
    pub fn happened<E: Event>(self, event: E) -> Committed {
        let data = match privacy::pretended(|| Json::from_value(&event)) {
            Ok(data) => data,
            Err(error) => fail(format_args!("event `{}` cannot be encoded: {error}", E::NAME)),
        };
        Committed {
            name: E::NAME.into(),
            schema: E::VERSION,
            data,
            id: Id(0),
            stream: self.stream,
            version: Version(0),
            created: self.created,
            meta: Meta::default(),
        }
    }
}

/// Takes events for a projection, numbered in the order of the list.
#[track_caller]
pub fn given_events<P: Projection>(events: impl IntoIterator<Item = Committed>) -> GivenEvents<P> {
    let mut given = Vec::new();
    let mut versions: BTreeMap<StreamId, Version> = BTreeMap::new();
    for (id, mut event) in (1..).zip(events) {
        let version = versions.entry(event.stream.clone()).or_default();
        *version = version.next();
        (event.id, event.version) = (Id(id), *version);
        given.push(event);
    }
    GivenEvents { events: given, emitters: Vec::new(), view: PhantomData }
}

/// The events before they are folded.
#[must_use = "nothing is checked before a `then`"]
#[derive(Debug)]
pub struct GivenEvents<P> {
    events: Vec<Committed>,
    emitters: Vec<(&'static str, &'static [Kind])>,
    view: PhantomData<P>,
}

impl<P: Projection> GivenEvents<P> {
    /// Names an aggregate, as where an app is built.
    ///
    /// An event type that is emitted by aggregates named here is taken from their streams only,
    /// as an app does; one that none of them emits is taken from any stream.
    pub fn with<A: Aggregate>(mut self) -> Self {
        self.emitters.push((A::NAME, A::Events::KINDS));
        self
    }

    /// Looks at the view, as it comes back from a store.
    #[track_caller]
    pub fn then(self, look: impl FnOnce(&P)) {
        look(&self.stored());
    }

    /// Compares the view with JSON text.
    #[track_caller]
    pub fn then_json(self, json: &str) {
        compare::check_json(P::NAME, &self.stored(), json);
    }

    #[track_caller]
    fn stored(self) -> P {
        let text = serde_json::to_string(&self.folded());
        match text.and_then(|text| serde_json::from_str(&text)) {
            Ok(view) => view,
            Err(error) => fail(format_args!("{}: does not survive serde: {error}", P::NAME)),
        }
    }

    /// Folds the events that the projection takes.
    #[track_caller]
    fn folded(self) -> P {
        let Self { events, emitters, .. } = self;
        let model = ProjectionModel::of::<P>(|event| {
            let emits = |kinds: &[Kind]| kinds.iter().any(|kind| kind.type_id == event.type_id);
            emitters.iter().filter(|(_, kinds)| emits(kinds)).map(|(name, _)| *name).collect()
        });
        let mut view = P::default();
        for event in events {
            let mut handlers = P::HANDLERS.iter().zip(&model.takes);
            let handler = handlers.find(|(handler, takes)| {
                *handler.event.name == *event.name
                    && (takes.from.is_empty() || takes.from.contains(&event.stream.category()))
            });
            if let Some((handler, _)) = handler
                && let Err(error) = privacy::pretended(|| (handler.call)(&mut view, event))
            {
                fail(format_args!("{}: {error}", P::NAME));
            }
        }
        view
    }
}

#[track_caller]
fn parsed<T: std::str::FromStr<Err: Display + Debug>>(text: &str) -> T {
    match text.parse() {
        Ok(parsed) => parsed,
        Err(error) => fail(format_args!("`{text}`: {error}")),
    }
}
