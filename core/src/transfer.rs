#![doc = include_str!("docs/moving.md")]

use std::future::IntoFuture;

use crate::{
    Committed, Result, StreamId,
    store::{BoxFuture, Store},
};

mod fault;
mod foreign;
mod keys;
mod mark;
mod moves;
mod plan;
mod react;
mod reference;
mod report;
mod run;
mod source;
mod target;

pub use fault::Fault;
pub use foreign::Foreign;
pub use report::{Collision, MovedReaction, Report};

pub(crate) use mark::whole;
pub(crate) use moves::Moves;
pub(crate) use react::unknown;
pub(crate) use reference::key as moved_key;

use source::Source;

/// Which ids the events have in the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ids {
    /// Those of the source. The target must be empty, and a store that can take ids.
    Keep,
    /// The next ones of the target; what names an event by its id is changed along.
    #[default]
    Remap,
}

/// What the reactions make of the events that were copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reactions {
    /// They go on where they stood in the source, with what they have parked and with their timers.
    #[default]
    Continue,
    /// They begin with the first event, as new ones do. What they ask of aggregates happens once
    /// all the same, as the keys are copied; what they do elsewhere happens again.
    Again,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is done: `checking`, then `copying`.
    pub step: &'static str,
    /// The id in the source, or the line of a file.
    pub at: u64,
    /// Where it ends, or 0 where that is not known.
    pub of: u64,
}

type Rename<'a> =
    Box<dyn Fn(&StreamId) -> Result<StreamId, crate::InvalidStream> + Send + Sync + 'a>;
type Migrate<'a> = Box<dyn Fn(Committed) -> Vec<Committed> + Send + Sync + 'a>;
type Watch<'a> = Box<dyn Fn(Progress) + Send + Sync + 'a>;

/// A copy that is being described; it runs when awaited.
///
/// Made by [`copy`] and [`import`].
#[must_use = "nothing is copied before it is awaited"]
pub struct Transfer<'a> {
    source: Source<'a>,
    to: &'a dyn Store,
    name: String,
    rules: Rules<'a>,
    reactions: Reactions,
    seen_by: Vec<String>,
    watch: Watch<'a>,
}

/// What becomes of each event.
struct Rules<'a> {
    ids: Ids,
    rename: Option<Rename<'a>>,
    migrate: Option<Migrate<'a>>,
    merge: bool,
}

/// Copies a log, with what its reactions remember, into another store.
///
/// ```
/// use actum::{store::Memory, transfer};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (old, new) = (Memory::new(), Memory::new());
/// let report = transfer::copy(&old, &new).ids(transfer::Ids::Keep).await?;
/// assert_eq!(report.copied, 0);
/// # Ok::<(), actum::Error>(())
/// # }).unwrap();
/// ```
pub fn copy<'a>(from: &'a dyn Store, to: &'a dyn Store) -> Transfer<'a> {
    Transfer::new(Source::Store(from), to, "another store".to_owned())
}

/// Copies a log that another program wrote, a line of JSON for each event, into a store.
///
/// ```
/// use actum::{store::Memory, transfer::{self, Foreign}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let text = r#"{"name":"ItemAdded","data":{"sku":"A1"},"stream":"Cart-1","created":"2024-06-01T14:23:00Z","meta":{}}"#;
/// let (foreign, new) = (Foreign::text(text), Memory::new());
/// let report = transfer::import(&foreign, &new).await?;
/// assert_eq!(report.names["ItemAdded"], 1);
/// # Ok::<(), actum::Error>(())
/// # }).unwrap();
/// ```
pub fn import<'a>(from: &'a Foreign, to: &'a dyn Store) -> Transfer<'a> {
    Transfer::new(Source::Foreign(from), to, from.name().to_owned())
}

impl<'a> Transfer<'a> {
    fn new(source: Source<'a>, to: &'a dyn Store, name: String) -> Self {
        Self {
            source,
            to,
            name,
            rules: Rules { ids: Ids::default(), rename: None, migrate: None, merge: false },
            reactions: Reactions::default(),
            seen_by: Vec::new(),
            watch: Box::new(|_| {}),
        }
    }

    /// Names the source, for the mark in the target and for errors; never with a password.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Which ids the events have in the target; the next ones of the target unless told otherwise.
    pub fn ids(mut self, ids: Ids) -> Self {
        self.rules.ids = ids;
        self
    }

    /// Gives streams other names. Whoever resumes a copy must give the same function again.
    ///
    /// Two streams that get one name are a [`Collision`], unless [`merge`](Self::merge) is asked for.
    pub fn rename(
        mut self,
        rename: impl Fn(&StreamId) -> Result<StreamId, crate::InvalidStream> + Send + Sync + 'a,
    ) -> Self {
        self.rules.rename = Some(Box::new(rename));
        self
    }

    /// Makes other events of each event: none drops it, several split it.
    ///
    /// The ids and versions of what it returns are not looked at. It must make the same of the same
    /// event whenever it is called. It is called before [`rename`](Self::rename).
    pub fn migrate(
        mut self,
        migrate: impl Fn(Committed) -> Vec<Committed> + Send + Sync + 'a,
    ) -> Self {
        self.rules.migrate = Some(Box::new(migrate));
        self
    }

    /// Lets streams that get one name become one stream, in the order of the ids, with new versions.
    pub fn merge(mut self) -> Self {
        self.rules.merge = true;
        self
    }

    /// What reactions make of the copied events; they go on unless told otherwise.
    pub fn reactions(mut self, reactions: Reactions) -> Self {
        self.reactions = reactions;
        self
    }

    /// Lets the reaction of this name count all copied events as handled, though the source knows
    /// nothing of it: one that is new, or any where a foreign log is imported.
    pub fn seen_by(mut self, reaction: impl Into<String>) -> Self {
        self.seen_by.push(reaction.into());
        self
    }

    /// Hears now and then how far the copy is.
    pub fn progress(mut self, watch: impl Fn(Progress) + Send + Sync + 'a) -> Self {
        self.watch = Box::new(watch);
        self
    }

    /// Tells what would be copied and what would be in the way, and stores nothing.
    ///
    /// # Errors
    ///
    /// As the copy itself, but for collisions, which are in the report.
    pub async fn dry_run(self) -> Result<Report> {
        run::survey(&self).await
    }
}

impl<'a> IntoFuture for Transfer<'a> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'a, Result<Report>>;

    /// Copies; the first error ends it, and the same copy, run again, goes on behind what is stored.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run::run(self))
    }
}

impl std::fmt::Debug for Transfer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transfer")
            .field("name", &self.name)
            .field("ids", &self.rules.ids)
            .field("reactions", &self.reactions)
            .finish_non_exhaustive()
    }
}
