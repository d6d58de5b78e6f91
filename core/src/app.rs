//! The app: a store, the aggregates that may act on it, and the projections that follow it.
//!
//! Data flows one way: an action decides on a state, its events are appended, the state and the
//! projections follow the log.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
    time::Duration,
};

use crate::{
    Aggregate, Committed, Error, Id, Model, Projection, Reaction, Result, StreamId, Version,
    app::{aggregate::Registered, erased::Erased, gate::Gate, runner::Runner, task::Tasks},
    clock::{Clock, Ids},
    store::{Query, Store},
    trace::Traces,
};

mod act;
mod aggregate;
mod builder;
mod cell;
mod erased;
mod feed;
mod gate;
mod health;
mod history;
mod invariants;
mod load;
mod named;
mod react;
mod readable;
mod rebuild;
mod runner;
mod sql;
mod subscribe;
mod task;
mod undo;
mod verify;
mod view;

pub(crate) use cell::Held;
pub(crate) use react::{Timer, timer_key};
#[cfg(feature = "cli")]
pub(crate) use react::{VIEWS as REACTION_VIEWS, ask as ask_parked, list as list_parked};
#[cfg(feature = "cli")]
pub(crate) use runner::{FOREIGN, Register, lease_name};

pub use act::{Act, Acts, Done};
pub use builder::Builder;
pub use erased::{ActJson, GivenHolds, LoadedJson, Possible};
pub use feed::Feed;
pub use health::{Health, ProjectionHealth, ProjectionState};
pub use history::History;
pub use load::{AsOf, Load, Loaded};
pub use react::{Edit, Parked, ParkedStream, ParkedWhat, ReactionHealth, ReactionState};
pub use rebuild::Progress;
pub use sql::Projected;
pub use subscribe::Subscription;
pub use undo::Undoing;
pub use verify::{Difference, Verification};
pub use view::{View, ViewJson, ViewOf, Views};

pub(crate) use runner::message;

/// A running app; clones share it.
///
/// ```text
/// use actum::prelude::*;
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
/// #[derive(Serialize, Deserialize)]
/// struct Count { by: u64 }
/// #[action]
/// impl Counter {
///     fn count(&self, Count { by }: Count) -> Result<Counted, std::convert::Infallible> {
///         Ok(Counted { by })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::new(Memory::new()).with::<Counter>().start().await?;
/// app.act::<Counter>("a", Count { by: 2 }).await?;
/// app.act::<Counter>("a", Count { by: 3 }).actor("alice").await?;
/// assert_eq!(app.load::<Counter>("a").await?.total, 5);
/// assert_eq!(app.load::<Counter>("a").as_of(Version(1)).await?.total, 2);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct App(Arc<Inner>, #[expect(dead_code, reason = "for its end")] Option<Arc<Cut>>);

/// Cuts off the tasks of an app when the last of those goes that were given to its users. A task of
/// its own may hold the app as well, and must not keep itself alive.
struct Cut(std::sync::Weak<Inner>);

impl Drop for Cut {
    fn drop(&mut self) {
        if let Some(app) = self.0.upgrade() {
            app.tasks.cut();
        }
    }
}

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    retries: u32,
    /// `Registered<A>` under the type `A`.
    aggregates: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    names: HashMap<&'static str, Arc<dyn Erased>>,
    runners: HashMap<TypeId, Runner>,
    tables: sql::Runners,
    reactions: HashMap<TypeId, react::Registered>,
    model: Model,
    traces: Option<Arc<dyn Traces>>,
    gate: Gate,
    tasks: Tasks,
}

impl App {
    /// Begins an app on a store.
    #[expect(
        clippy::new_ret_no_self,
        reason = "an app is built in steps, and starts with the last"
    )]
    pub fn new(store: impl Store) -> Builder {
        Builder::new(Arc::new(store))
    }

    /// Loads the state of an aggregate: the latest, or as of a version, an id or a time.
    ///
    /// A stream without events gives the default state at version 0.
    pub fn load<A: Aggregate>(&self, id: impl std::fmt::Display) -> Load<'_, A> {
        Load::new(self, StreamId::of::<A>(id))
    }

    /// Reads all events of one aggregate instance, oldest first: its audit trail.
    pub fn history<A: Aggregate>(&self, id: impl std::fmt::Display) -> Result<History<A>> {
        Ok(History::new(self, StreamId::of::<A>(id)?))
    }

    /// Reads what a query asks for, streaming.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::new(Memory::new()).start().await?;
    /// let mut newest = app.read(Query::all().backward().limit(10));
    /// while let Some(event) = newest.next().await {
    ///     println!("{}", serde_json::to_string(&event?)?);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn read(&self, query: Query) -> Feed<Committed> {
        Feed::new(self.0.store.read(query))
    }

    /// Follows the log: what a query asks for and lies behind `after`, then what is committed from
    /// now on, as a `Stream` that does not end.
    ///
    /// Nothing is left out and nothing comes twice between the two. See [`Subscription`] for its
    /// position, back-pressure, errors and end.
    ///
    /// # Errors
    ///
    /// [`Error::Query`] for a query that reads backward; [`Error::Closed`] after a
    /// [`shutdown`](Self::shutdown).
    pub fn subscribe(&self, query: Query, after: Id) -> Result<Subscription<Committed>> {
        Subscription::new(self, query, after)
    }

    /// Reads the document of a projection.
    pub fn view<P: Projection>(&self) -> View<'_, P> {
        View::new(self)
    }

    /// Lists the documents of a projection with a document for each key.
    pub fn views<P: Projection + crate::DocumentPerKey>(&self) -> Views<P> {
        Views::new(self)
    }

    /// Acts by name and JSON, for callers without the types.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::new(Memory::new()).start().await?;
    /// let refused = app.act_json("Cart", "123", "AddItem", r#"{"sku":"A123","qty":2}"#).await;
    /// assert!(refused.unwrap_err().to_string().contains("does not know the aggregate `Cart`"));
    /// # Ok(()) }
    /// ```
    pub fn act_json(
        &self,
        aggregate: &str,
        id: impl std::fmt::Display,
        action: &str,
        input: impl Into<String>,
    ) -> ActJson<'_> {
        ActJson::new(self, aggregate, &id, action, input.into())
    }

    /// Loads a state by name, as JSON.
    pub async fn load_json(
        &self,
        aggregate: &str,
        id: impl std::fmt::Display,
        as_of: Option<AsOf>,
    ) -> Result<LoadedJson> {
        let stream = StreamId::new(aggregate, id)?;
        self.named(aggregate)?.load(self, stream, as_of).await
    }

    /// Reads a document by the name of its projection, as JSON; `None` when there is none of this
    /// key.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::new(Memory::new()).start().await?;
    /// let refused = app.view_json("Sales").key("Cart-123").after(Id(7)).await;
    /// assert!(refused.unwrap_err().to_string().contains("does not know the projection `Sales`"));
    /// # Ok(()) }
    /// ```
    pub fn view_json(&self, projection: &str) -> ViewJson<'_> {
        ViewJson::new(self, projection)
    }

    /// What the app consists of, as data.
    pub fn model(&self) -> &Model {
        &self.0.model
    }

    /// The store, for what the app has no method for.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// Tells how far each projection is and what ails it.
    pub async fn health(&self) -> Result<Health> {
        health::health(self).await
    }

    /// Shuts the app down: takes no more actions, and waits until what is in flight has ended, at
    /// most `grace`.
    ///
    /// Actions that are under way finish and are answered; new ones get [`Error::Closed`]. The
    /// projections finish what they are at and stop, subscriptions end. What a task of the app
    /// itself asks while it finishes is still accepted. All clones of the app are shut down with
    /// it; each may call this, and those that do wait together. Loading, reading and views of what
    /// is stored go on working as long as the store does; the store is not closed, for others may
    /// use it.
    ///
    /// Everything that was acknowledged is stored: that never rests on this call.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] when something was still at work after `grace`. The app's own tasks
    /// have then been cut off, and go on from their checkpoints in another app. Actions belong to
    /// those who asked them and go on; whether they are stored is open.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(Memory::new()).start().await?;
    /// app.shutdown(std::time::Duration::from_secs(5)).await?;
    /// assert!(matches!(app.subscribe(Query::all(), Id(0)), Err(actum::Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    pub async fn shutdown(&self, grace: Duration) -> Result<()> {
        tracing::info!(?grace, "the app shuts down");
        let ended = self.0.tasks.stop(&self.0.gate, grace).await;
        match &ended {
            Ok(()) => tracing::info!("the app has shut down"),
            Err(error) => tracing::warn!(%error, "the app has shut down"),
        }
        ended
    }

    /// Whether the app takes work: not once it is being [shut down](Self::shutdown).
    pub fn is_open(&self) -> bool {
        self.0.gate.is_open()
    }

    fn registered<A: Aggregate>(&self) -> Result<Arc<Registered<A>>> {
        self.0
            .aggregates
            .get(&TypeId::of::<A>())
            .and_then(|any| Arc::clone(any).downcast::<Registered<A>>().ok())
            .ok_or_else(|| Error::Unknown {
                what: "aggregate",
                name: A::NAME.to_owned(),
                help: format!("add `.with::<{}>()` where the app is built", A::NAME),
            })
    }

    /// Stores a snapshot of the latest state of an aggregate now.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] after a [`shutdown`](Self::shutdown); what the store answers.
    pub async fn snapshot<A: Aggregate>(&self, id: impl std::fmt::Display) -> Result<Version> {
        let _inside = self.0.gate.enter()?;
        let registered = self.registered::<A>()?;
        let stream = StreamId::of::<A>(id)?;
        let held = registered.refresh(&stream, &registered.cell(&stream)).await?;
        registered.snapshots.save(&stream, &held).await?;
        Ok(held.version)
    }

    fn runner<P: Projection>(&self) -> Result<&Runner> {
        self.0.runners.get(&TypeId::of::<P>()).ok_or_else(|| Error::Unknown {
            what: "projection",
            name: P::NAME.to_owned(),
            help: format!("add `.project::<{}>()` where the app is built", P::NAME),
        })
    }

    /// What a reaction has parked, and what shall become of it.
    ///
    /// `app.parked::<Payment>().await?` lists the streams with error, attempts and event;
    /// [`retry`](Parked::retry), [`skip`](Parked::skip) and [`unpark`](Parked::unpark) let one go
    /// on.
    pub fn parked<R: Reaction>(&self) -> Parked<'_, R> {
        Parked::new(self)
    }

    /// Cancels the timer that the reaction has set with this key; there need not be one.
    ///
    /// It is carried out by the process that runs the reaction: at once where it runs here, within
    /// about a second where it runs elsewhere. A timer that is due already may have acted.
    pub async fn cancel_timer<R: Reaction>(&self, key: &str) -> Result<()> {
        react::cancel::<R>(self, key).await
    }

    /// Waits until the reaction has settled every event up to this id, or has set it aside.
    ///
    /// # Errors
    ///
    /// [`Error::ReactionStopped`] when the reaction cannot go on.
    pub async fn settled<R: Reaction>(&self, id: Id) -> Result<()> {
        react::settled(self, self.reaction::<R>()?, id).await
    }

    /// The present time, by the clock of the app.
    pub(crate) fn now(&self) -> crate::Timestamp {
        self.0.clock.now()
    }

    fn reaction<R: Reaction>(&self) -> Result<&react::Registered> {
        self.0.reactions.get(&TypeId::of::<R>()).ok_or_else(|| Error::Unknown {
            what: "reaction",
            name: R::NAME.to_owned(),
            help: format!("add `.react({} {{ … }})` where the app is built", R::NAME),
        })
    }

    fn named(&self, aggregate: &str) -> Result<&dyn Erased> {
        self.0.names.get(aggregate).map(AsRef::as_ref).ok_or_else(|| Error::Unknown {
            what: "aggregate",
            name: aggregate.to_owned(),
            help: match self.0.names.len() {
                0 => "it was built without any".to_owned(),
                _ => format!("it was built with {}", self.aggregate_names()),
            },
        })
    }

    fn aggregate_names(&self) -> String {
        let names: Vec<_> = self.0.model.aggregates.iter().map(|one| one.name).collect();
        names.join(", ")
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("model", &self.0.model).finish_non_exhaustive()
    }
}
