//! Aggregates by name and JSON, for callers that have no types: CLI, HTTP, inspector.

use std::{fmt::Display, future::IntoFuture};

use crate::{
    ActError, ActionModel, Actions, Aggregate, App, Error, Id, InvalidStream, Json, Rejected,
    Result, StreamId, UndoError, Version,
    app::{
        act::{self, Done, Options, Request, options},
        aggregate::Registered,
        cell::Held,
        load::{self, AsOf},
        undo,
    },
    store::{BoxFuture, Query},
};

/// An aggregate without its types.
pub(super) trait Erased: Send + Sync {
    fn act<'a>(
        &'a self,
        app: &'a App,
        stream: StreamId,
        action: &'a str,
        input: &'a Json,
        options: Options,
    ) -> BoxFuture<'a, Result<Done, ActError<Rejected>>>;

    fn undo<'a>(
        &'a self,
        app: &'a App,
        stream: StreamId,
        asked: undo::Asked,
        options: Options,
    ) -> BoxFuture<'a, Result<Done, ActError<UndoError>>>;

    fn load<'a>(
        &'a self,
        app: &'a App,
        stream: StreamId,
        as_of: Option<AsOf>,
    ) -> BoxFuture<'a, Result<LoadedJson>>;

    fn step(
        &self,
        stream: StreamId,
        version: Version,
    ) -> BoxFuture<'_, Result<(LoadedJson, LoadedJson)>>;

    fn possible(&self, stream: StreamId) -> BoxFuture<'_, Result<Possible>>;
}

impl<A: Actions> Erased for Registered<A> {
    fn act<'a>(
        &'a self,
        app: &'a App,
        stream: StreamId,
        action: &'a str,
        input: &'a Json,
        options: Options,
    ) -> BoxFuture<'a, Result<Done, ActError<Rejected>>> {
        Box::pin(async move {
            let Some(entry) = A::ACTIONS.iter().find(|entry| entry.spec.name == action) else {
                let known: Vec<_> = A::ACTIONS.iter().map(|entry| entry.spec.name).collect();
                return Err(ActError::Store(Error::Unknown {
                    what: "action",
                    name: format!("{}.{action}", A::NAME),
                    help: format!("`{}` has {}", A::NAME, known.join(", ")),
                }));
            };
            let request = Request { name: entry.spec.name, stream, input, options };
            let decide = |state: &A| (entry.act)(state, input).map_err(ActError::Rejected);
            act::run(app, self, request, decide).await
        })
    }

    fn undo<'a>(
        &'a self,
        app: &'a App,
        stream: StreamId,
        asked: undo::Asked,
        options: Options,
    ) -> BoxFuture<'a, Result<Done, ActError<UndoError>>> {
        Box::pin(undo::run(app, self, stream, asked, options))
    }

    fn load<'a>(
        &'a self,
        _: &'a App,
        stream: StreamId,
        as_of: Option<AsOf>,
    ) -> BoxFuture<'a, Result<LoadedJson>> {
        Box::pin(async move {
            let held = load::load(self, &stream, as_of).await?;
            json(&stream, &held)
        })
    }

    fn step(
        &self,
        stream: StreamId,
        version: Version,
    ) -> BoxFuture<'_, Result<(LoadedJson, LoadedJson)>> {
        Box::pin(async move {
            let before = Version(version.0.saturating_sub(1));
            let held = load::load(self, &stream, Some(AsOf::Version(before))).await?;
            let before = json(&stream, &held)?;
            let query = Query::stream(stream.clone()).from_version(held.version.next());
            let held = self.fold(held, query.to_version(version)).await?;
            Ok((before, json(&stream, &held)?))
        })
    }

    fn possible(&self, stream: StreamId) -> BoxFuture<'_, Result<Possible>> {
        Box::pin(async move {
            let held = load::load(self, &stream, None).await?;
            let given = A::GIVEN.iter().map(|given| GivenHolds {
                name: given.name,
                docs: given.docs,
                refusal: (given.check)(&held.state).err(),
            });
            Ok(Possible { version: held.version, given: given.collect(), stream })
        })
    }
}

fn json<A: Aggregate>(stream: &StreamId, held: &Held<A>) -> Result<LoadedJson> {
    let state = Json::from_value(held.state.as_ref())
        .map_err(|source| Error::Encode { what: format!("the state of `{stream}`"), source })?;
    Ok(LoadedJson { stream: stream.clone(), version: held.version, id: held.id, state })
}

/// A state as JSON, and where it stands.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct LoadedJson {
    /// The stream.
    pub stream: StreamId,
    /// The version the state is at.
    pub version: Version,
    /// The id of the last event folded into it.
    pub id: Id,
    /// The state.
    pub state: Json,
}

/// Which preconditions of its actions a stream meets now; made by [`App::possible`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Possible {
    /// The stream.
    pub stream: StreamId,
    /// The version that was asked.
    pub version: Version,
    /// The preconditions, in the order of declaration.
    pub given: Vec<GivenHolds>,
}

/// Whether a precondition holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct GivenHolds {
    /// The name of its method.
    pub name: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// Why it does not hold, if so.
    pub refusal: Option<String>,
}

impl Possible {
    /// The preconditions of an action that do not hold; an action without any may be asked.
    ///
    /// Whether it is accepted is the action's to decide: it sees the input.
    pub fn unmet<'a>(&'a self, action: &'a ActionModel) -> impl Iterator<Item = &'a GivenHolds> {
        let is_asked = |given: &&GivenHolds| action.given.contains(&given.name);
        self.given.iter().filter(is_asked).filter(|given| given.refusal.is_some())
    }
}

/// An action to be asked by name; made by [`App::act_json`], runs when awaited.
#[must_use = "nothing happens before it is awaited"]
#[derive(Debug)]
pub struct ActJson<'a> {
    app: &'a App,
    aggregate: String,
    stream: Result<StreamId, InvalidStream>,
    action: String,
    input: String,
    options: Options,
}

impl<'a> ActJson<'a> {
    pub(super) fn new(
        app: &'a App,
        aggregate: &str,
        id: &dyn Display,
        action: &str,
        input: String,
    ) -> Self {
        Self {
            app,
            aggregate: aggregate.to_owned(),
            stream: StreamId::new(aggregate, id),
            action: action.to_owned(),
            input,
            options: Options::default(),
        }
    }

    options!();

    async fn run(self) -> Result<Done, ActError<Rejected>> {
        let Self { app, aggregate, stream, action, input, options } = self;
        let named = app.named(&aggregate)?;
        let input =
            Json::from_text(input).map_err(|source| ActError::Rejected(Rejected::Input(source)))?;
        named.act(app, stream?, &action, &input, options).await
    }
}

impl<'a> IntoFuture for ActJson<'a> {
    type Output = Result<Done, ActError<Rejected>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
