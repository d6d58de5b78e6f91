//! The settings of an app behind HTTP.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use axum::Router;
use serde_json::Value;

use crate::{Action, App, Input, http::route};

/// How often a live feed tells that it is alive, unless told otherwise.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a view waits for an id, unless told otherwise.
const WAIT: Duration = Duration::from_secs(5);

/// An app behind HTTP, with settings; [`router`](Self::router) makes it a router.
pub struct Api {
    pub(super) app: App,
    pub(super) heartbeat: Duration,
    pub(super) wait: Duration,
    pub(super) source: String,
    /// The schemas of inputs, by aggregate and action.
    pub(super) inputs: BTreeMap<(&'static str, &'static str), Value>,
}

/// What all handlers share.
pub(super) type Shared = Arc<Api>;

impl Api {
    /// An app behind HTTP.
    pub fn new(app: App) -> Self {
        Self {
            app,
            heartbeat: HEARTBEAT,
            wait: WAIT,
            source: String::new(),
            inputs: BTreeMap::new(),
        }
    }

    /// Describes the input of an action in the OpenAPI document by a JSON schema (2020-12), such as
    /// the crate `schemars` makes.
    ///
    /// Without it the document says that the input is JSON, and gives the action's doc comment.
    /// The schema describes and checks nothing: the input's own `Deserialize` decides.
    ///
    /// ```
    /// use actum::{http::Api, prelude::*};
    /// use schemars::{JsonSchema, schema_for};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// struct Counted { by: u64 }
    /// #[derive(Events)]
    /// enum CounterEvent { Counted(Counted) }
    /// #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    /// #[aggregate(events = CounterEvent)]
    /// struct Counter { total: u64 }
    /// #[patch]
    /// impl Counter {
    ///     fn counted(&mut self, event: Counted) { self.total += event.by }
    /// }
    /// #[derive(Serialize, Deserialize, JsonSchema)]
    /// struct Count { by: u64 }
    /// #[action]
    /// impl Counter {
    ///     fn count(&self, Count { by }: Count) -> Result<Counted, std::convert::Infallible> {
    ///         Ok(Counted { by })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), actum::Error> {
    /// let app = App::new(Memory::new()).with::<Counter>().start().await?;
    /// let router = Api::new(app).input::<Counter, Count>(schema_for!(Count)).router();
    /// # drop(router);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn input<A: Action<I>, I: Input>(mut self, schema: impl Into<Value>) -> Self {
        self.inputs.insert((A::NAME, A::SPEC.name), schema.into());
        self
    }

    /// Tells how often a quiet live feed shows that it is alive; 15 seconds unless told otherwise.
    #[must_use]
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = every;
        self
    }

    /// Tells how long `GET /views/…?after=id` waits at most; 5 seconds unless told otherwise.
    #[must_use]
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = at_most;
        self
    }

    /// Names where this app is, for the `source` of its `CloudEvents`: a URL such as
    /// `https://shop.example/api`, to which `/Cart/123` is added. Empty unless told otherwise, so
    /// that the source is a path.
    #[must_use]
    pub fn source(mut self, url: impl Into<String>) -> Self {
        self.source = url.into();
        self
    }

    /// The routes of all that the app's model names.
    pub fn router(self) -> Router {
        route::router(self)
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("heartbeat", &self.heartbeat)
            .field("wait", &self.wait)
            .field("source", &self.source)
            .field("inputs", &self.inputs.keys())
            .finish_non_exhaustive()
    }
}
