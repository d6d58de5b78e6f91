//! Aggregates by name and JSON, for callers that have no types: CLI, HTTP, inspector.

use std::{fmt::Display, future::IntoFuture};

use crate::{
    ActError, Actions, App, Error, Id, InvalidStream, Json, Rejected, Result, StreamId, Version,
    app::{
        act::{self, Done, Options, Request, options},
        aggregate::Registered,
        load::{self, AsOf},
    },
    store::BoxFuture,
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

    fn load<'a>(
        &'a self,
        app: &'a App,
        stream: StreamId,
        as_of: Option<AsOf>,
    ) -> BoxFuture<'a, Result<LoadedJson>>;
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

    fn load<'a>(
        &'a self,
        _: &'a App,
        stream: StreamId,
        as_of: Option<AsOf>,
    ) -> BoxFuture<'a, Result<LoadedJson>> {
        Box::pin(async move {
            let held = load::load(self, &stream, as_of).await?;
            let state = Json::from_value(held.state.as_ref()).map_err(|source| Error::Encode {
                what: format!("the state of `{stream}`"),
                source,
            })?;
            Ok(LoadedJson { stream, version: held.version, id: held.id, state })
        })
    }
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
