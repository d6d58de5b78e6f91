//! Builds an app step by step.

use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use crate::{
    Actions, Error, Events, Invariants, Model, Projection, Reaction, Result, SqlProjection,
    app::{
        App, Cut, Inner, aggregate::Registered, erased::Erased, gate::Gate, react, runner,
        runner::Runner, sql, task::Tasks,
    },
    clock::{Clock, Ids, System},
    event::Kind,
    measure,
    model::{AggregateModel, ProjectionModel, ReactionModel},
    reaction::Asked,
    store::{BoxFuture, Store},
    trace::Traces,
};

/// How many states are kept in memory for each aggregate unless told otherwise.
const CACHED: usize = 10_000;

/// How often an action is repeated after a conflict unless told otherwise.
const RETRIES: u32 = 20;

/// How long a lease lasts unless told otherwise.
const LEASE: Duration = Duration::from_secs(2);

/// How many ids a range of the log has unless told otherwise.
const RANGE: u64 = 16_384;

/// One registered aggregate, with its types and without.
type Faces = (Arc<dyn Any + Send + Sync>, Arc<dyn Erased>);

/// Registers an aggregate.
type Make = fn(NonZeroUsize, &Tasks, &Arc<dyn Store>) -> Faces;

/// Names the aggregates that emit an event type.
type Emitters<'a> = &'a dyn Fn(&Kind) -> Vec<&'static str>;

type Starter = Box<dyn FnOnce(&Context<'_>) -> Started + Send>;

/// A projection at work.
enum Started {
    Documents(Runner),
    Tables(sql::Runner),
}

/// What a projection needs to start.
pub(super) struct Context<'a> {
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) tasks: &'a Tasks,
    pub(super) model: &'a ProjectionModel,
    /// Who this app is to the leases.
    pub(super) holder: &'a str,
    /// How long a lease lasts.
    pub(super) lease: Duration,
    /// How many ids a range has that is folded beside others.
    pub(super) range: u64,
}

/// An app that has not started yet; made by [`App::new`].
pub struct Builder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    traces: Option<Arc<dyn Traces>>,
    cached: NonZeroUsize,
    retries: u32,
    lease: Duration,
    range: u64,
    aggregates: Vec<Declared>,
    projections: Vec<Followed>,
    reactions: Vec<Reacting>,
}

/// A reaction that has not started yet.
struct Reacting {
    type_id: TypeId,
    model: fn(Emitters<'_>) -> ReactionModel,
    asks: fn() -> Vec<Asked>,
    begin: Begin,
    prepare: PrepareReaction,
}

/// Notes where a reaction begins that has never run.
type Begin = for<'a> fn(&'a Arc<dyn Store>, &'a Arc<dyn Clock>) -> BoxFuture<'a, Result<()>>;

type PrepareReaction = Box<dyn FnOnce(&ReactionModel) -> (react::Registered, StartReaction) + Send>;

type StartReaction = Box<dyn FnOnce(&App) + Send>;

struct Declared {
    type_id: TypeId,
    model: AggregateModel,
    kinds: &'static [Kind],
    make: Make,
}

struct Followed {
    type_id: TypeId,
    model: fn(Emitters<'_>) -> ProjectionModel,
    start: Starter,
}

impl Builder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            clock: Arc::new(System),
            ids: Arc::new(System),
            traces: None,
            cached: NonZeroUsize::new(CACHED).unwrap_or(NonZeroUsize::MIN),
            retries: RETRIES,
            lease: LEASE,
            range: RANGE,
            aggregates: Vec::new(),
            projections: Vec::new(),
            reactions: Vec::new(),
        }
    }

    /// Adds an aggregate.
    #[must_use]
    pub fn with<A: Actions>(mut self) -> Self {
        self.aggregates.push(Declared::of::<A>(|cached, tasks, store| {
            faces(Registered::<A>::new(cached, tasks, store))
        }));
        self
    }

    /// Adds an aggregate whose invariants are checked before each append.
    ///
    /// They are checked on a copy of the state after the events; the price is that copy. Events
    /// that would break one are refused with [`Error::InvariantBroken`], and nothing is stored.
    ///
    /// ```
    /// use actum::{Error, prelude::*};
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
    /// #[invariant]
    /// impl Counter {
    ///     fn at_most_ten(&self) -> Result<(), String> {
    ///         if self.total > 10 { Err(format!("{} is more than 10", self.total)) } else { Ok(()) }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(Memory::new()).with_checked::<Counter>().start().await?;
    /// app.act::<Counter>("a", Count { by: 10 }).await?;
    /// let refused = app.act::<Counter>("a", Count { by: 1 }).await;
    /// assert!(matches!(
    ///     refused,
    ///     Err(ActError::Store(Error::InvariantBroken { invariant: "at_most_ten", .. }))
    /// ));
    /// assert_eq!(app.load::<Counter>("a").await?.total, 10);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_checked<A: Actions + Invariants>(mut self) -> Self {
        self.aggregates.push(Declared::of::<A>(|cached, tasks, store| {
            faces(Registered::<A>::new(cached, tasks, store).checked())
        }));
        self
    }

    /// Adds a projection; it follows the log from where its checkpoint stands.
    #[must_use]
    pub fn project<P: Projection>(mut self) -> Self {
        self.projections.push(Followed {
            type_id: TypeId::of::<P>(),
            model: |emitters| ProjectionModel::of::<P>(emitters),
            start: Box::new(|context| Started::Documents(runner::start::<P>(context))),
        });
        self
    }

    /// Adds a SQL projection; it writes its own tables in the transactions of a store.
    ///
    /// That is mostly the app's own store. With another one the tables and their checkpoint lie
    /// there, and the events still come from the app's own.
    #[must_use]
    pub fn project_sql<P: SqlProjection>(mut self, projection: P, tables: &P::Store) -> Self {
        let (projection, tables) = (Arc::new(projection), tables.clone());
        self.projections.push(Followed {
            type_id: TypeId::of::<P>(),
            model: |emitters| ProjectionModel::of_sql::<P>(emitters),
            start: Box::new(|context| Started::Tables(sql::start(projection, tables, context))),
        });
        self
    }

    /// Adds a reaction; of all processes that have it, one at a time runs it.
    ///
    /// It goes on where its checkpoint stands; a new one begins with the first event of the log, or
    /// with what comes [from now on](crate::Start).
    #[must_use]
    pub fn react<R: Reaction>(mut self, reaction: R) -> Self {
        self.reactions.push(Reacting {
            type_id: TypeId::of::<R>(),
            model: |emitters| ReactionModel::of::<R>(emitters),
            asks: ReactionModel::asks::<R>,
            begin: |store, clock| Box::pin(react::begin::<R>(store, clock)),
            prepare: Box::new(|model| {
                let (registered, start) = react::prepare(Arc::new(reaction), model);
                (registered, Box::new(start))
            }),
        });
        self
    }

    /// Tells how many states each aggregate keeps in memory; 10,000 unless told otherwise.
    #[must_use]
    pub fn cache(mut self, states: NonZeroUsize) -> Self {
        self.cached = states;
        self
    }

    /// Tells how often an action is repeated after a conflict; 20 times unless told otherwise.
    #[must_use]
    pub fn retries(mut self, times: u32) -> Self {
        self.retries = times;
        self
    }

    /// Tells how long a lease lasts; 2 seconds unless told otherwise.
    ///
    /// Whoever works on a projection holds a lease and prolongs it while there is work. A process
    /// that was killed, or hangs, is replaced by another when its lease has run out; one that
    /// shuts down gives it back at once. The clock of the app counts.
    #[must_use]
    pub fn lease(mut self, lasts: Duration) -> Self {
        self.lease = lasts;
        self
    }

    /// Tells how many ids a range of the log has; 16,384 unless told otherwise.
    ///
    /// A projection that can [`merge`](Projection::MERGE), and is at least four ranges behind, folds
    /// as many of them beside each other as there are processors. What is folded and not merged yet
    /// is kept in memory, and is folded again by the next one if the process is killed.
    #[must_use]
    pub fn range(mut self, ids: NonZeroU64) -> Self {
        self.range = ids.get();
        self
    }

    /// Takes the time from another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes the ids of correlations from elsewhere.
    #[must_use]
    pub fn ids(mut self, ids: impl Ids) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Connects the app with a system of traces, such as OpenTelemetry.
    #[must_use]
    pub fn traces(mut self, traces: impl Traces) -> Self {
        self.traces = Some(Arc::new(traces));
        self
    }

    /// What the app will consist of, as data. Neither the app nor the store needs to run for it.
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
    /// let model = App::new(Memory::new()).with::<Counter>().model();
    /// assert_eq!(model.aggregates[0].actions[0].emits, ["Counted"]);
    /// ```
    pub fn model(&self) -> Model {
        let emitters = |event: &Kind| {
            let emits =
                |one: &&Declared| one.kinds.iter().any(|kind| kind.type_id == event.type_id);
            self.aggregates.iter().filter(emits).map(|one| one.model.name).collect()
        };
        Model {
            aggregates: self.aggregates.iter().map(|one| one.model.clone()).collect(),
            projections: self.projections.iter().map(|one| (one.model)(&emitters)).collect(),
            reactions: self.reactions.iter().map(|one| (one.model)(&emitters)).collect(),
        }
    }

    /// Starts the app and its projections, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when two aggregates, projections or reactions have one name, or a reaction
    /// asks an aggregate that the app does not have; what the store answers when it is to note that
    /// a reaction begins [now](crate::Start::Now).
    pub async fn start(self) -> Result<App> {
        let model = self.model();
        unique(&model)?;
        let Self {
            store,
            clock,
            ids,
            traces,
            cached,
            retries,
            lease,
            range,
            aggregates,
            projections,
            reactions,
        } = self;
        let holder = uuid::Uuid::now_v7().to_string();
        measure::describe();
        let begins: Vec<Begin> = reactions.iter().map(|reacting| reacting.begin).collect();
        for begin in begins {
            begin(&store, &clock).await?;
        }
        let tasks = Tasks::default();
        let mut types = HashMap::new();
        let mut names = HashMap::new();
        for declared in &aggregates {
            let (any, erased) = (declared.make)(cached, &tasks, &store);
            types.insert(declared.type_id, any);
            names.insert(declared.model.name, erased);
        }
        let (mut runners, mut tables) = (HashMap::new(), sql::Runners::new());
        for (followed, described) in projections.into_iter().zip(&model.projections) {
            let context = Context {
                store: &store,
                clock: &clock,
                tasks: &tasks,
                model: described,
                holder: &holder,
                lease,
                range,
            };
            match (followed.start)(&context) {
                Started::Documents(runner) => drop(runners.insert(followed.type_id, runner)),
                Started::Tables(runner) => drop(tables.insert(followed.type_id, runner)),
            }
        }
        let (mut registered, mut starts) = (HashMap::new(), Vec::new());
        for (reacting, described) in reactions.into_iter().zip(&model.reactions) {
            for asked in (reacting.asks)() {
                if !types.contains_key(&asked.type_id) {
                    return Err(unasked(described.name, asked));
                }
            }
            let (one, start) = (reacting.prepare)(described);
            registered.insert(reacting.type_id, one);
            starts.push(start);
        }
        tell(&model);
        let aggregates = types;
        let inner = Arc::new(Inner {
            store,
            clock,
            ids,
            retries,
            aggregates,
            names,
            runners,
            tables,
            reactions: registered,
            model,
            traces,
            gate: Gate::default(),
            tasks,
        });
        let app = App(Arc::clone(&inner), Some(Arc::new(Cut(Arc::downgrade(&inner)))));
        for start in starts {
            start(&app);
        }
        Ok(app)
    }
}

/// Checks that no two of a kind have one name.
fn unique(model: &Model) -> Result<()> {
    let kinds: [(_, Vec<_>); 3] = [
        ("aggregate", model.aggregates.iter().map(|one| one.name).collect()),
        ("projection", model.projections.iter().map(|one| one.name).collect()),
        ("reaction", model.reactions.iter().map(|one| one.name).collect()),
    ];
    for (what, names) in kinds {
        let mut seen = HashSet::new();
        if let Some(name) = names.into_iter().find(|name| !seen.insert(*name)) {
            return Err(twice(what, name));
        }
    }
    Ok(())
}

/// Tells the log what starts.
fn tell(model: &Model) {
    for cycle in model.cycles() {
        tracing::warn!(%cycle, "reactions may go on for ever");
    }
    tracing::info!(
        aggregates = model.aggregates.len(),
        projections = model.projections.len(),
        reactions = model.reactions.len(),
        "the app has started"
    );
}

fn unasked(reaction: &str, asked: Asked) -> Error {
    let Asked { aggregate, action, .. } = asked;
    Error::Unknown {
        what: "aggregate",
        name: aggregate.to_owned(),
        help: format!(
            "the reaction {reaction} asks {action} of it; add `.with::<{aggregate}>()` where the \
             app is built"
        ),
    }
}

impl Declared {
    fn of<A: Actions>(make: Make) -> Self {
        Self {
            type_id: TypeId::of::<A>(),
            model: AggregateModel::of::<A>(),
            kinds: A::Events::KINDS,
            make,
        }
    }
}

fn faces<A: Actions>(registered: Registered<A>) -> Faces {
    let registered = Arc::new(registered);
    (Arc::clone(&registered) as _, registered)
}

fn twice(what: &'static str, name: &str) -> Error {
    Error::Unknown {
        what,
        name: name.to_owned(),
        help: "it was added twice, or two types have this name; give one another `name = \"…\"`"
            .to_owned(),
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
