//! Undo and redo: what was done last is taken back by new events; history stays as it is.
//!
//! A step is what was stored together: all events of one action. An undo is decided on the stream
//! as it is at the version that the append expects, so it is decided anew when others were faster.

use std::{fmt::Display, future::IntoFuture};

use crate::{
    ActError, App, InvalidStream, Json, Result, StreamId, UndoError, Undoes,
    app::{
        act::{self, Done, Options, Request, options},
        aggregate::Registered,
        erased::Erased,
    },
    store::BoxFuture,
};

mod decide;
mod step;

use decide::Decision;

impl App {
    /// Undoes what the last action has done, by new events with `meta.undoes`; runs when awaited.
    ///
    /// All events of an action are one step. What was undone already is passed over, and so is an
    /// action that has left nothing to take back. What was redone can be undone again.
    #[doc = include_str!("../docs/undo.md")]
    pub fn undo<A: Undoes>(&self, id: impl Display) -> Undoing<'_> {
        self.undoing::<A>(Way::Undo, id)
    }

    /// Redoes what was undone last, by new events with `meta.redoes`; runs when awaited.
    ///
    /// What was undone before the last action can no longer be redone. See [`undo`](Self::undo) for
    /// an example.
    pub fn redo<A: Undoes>(&self, id: impl Display) -> Undoing<'_> {
        self.undoing::<A>(Way::Redo, id)
    }

    /// Does what [`undo`](Self::undo) does, by the name of the aggregate.
    pub fn undo_json(&self, aggregate: &str, id: impl Display) -> Undoing<'_> {
        Undoing::new(self, self.named(aggregate), StreamId::new(aggregate, id), Way::Undo)
    }

    /// Does what [`redo`](Self::redo) does, by the name of the aggregate.
    pub fn redo_json(&self, aggregate: &str, id: impl Display) -> Undoing<'_> {
        Undoing::new(self, self.named(aggregate), StreamId::new(aggregate, id), Way::Redo)
    }

    fn undoing<A: Undoes>(&self, way: Way, id: impl Display) -> Undoing<'_> {
        let named = self.registered::<A>().and_then(|_| self.named(A::NAME));
        Undoing::new(self, named, StreamId::of::<A>(id), way)
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Undo,
    Redo,
}

impl Way {
    /// What it is called where an action has its name; no type of a user is called so.
    const fn name(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Redo => "redo",
        }
    }
}

/// How much is undone or redone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) way: Way,
    pub(super) steps: u64,
}

/// An undo or a redo to be done; made by [`App::undo`] and [`App::redo`], runs when awaited.
///
/// Dropping the future while it runs leaves the outcome open; with a [`key`](Self::key) it can be
/// asked again without undoing more.
///
/// # Errors
///
/// [`ActError::Rejected`] with [`UndoError`] when there is nothing to undo, an event cannot be
/// undone, or its inverse refuses. All steps are undone, or none.
#[must_use = "nothing happens before it is awaited"]
pub struct Undoing<'a> {
    app: &'a App,
    aggregate: Result<&'a dyn Erased>,
    stream: Result<StreamId, InvalidStream>,
    asked: Asked,
    options: Options,
}

impl<'a> Undoing<'a> {
    fn new(
        app: &'a App,
        aggregate: Result<&'a dyn Erased>,
        stream: Result<StreamId, InvalidStream>,
        way: Way,
    ) -> Self {
        let asked = Asked { way, steps: 1 };
        Self { app, aggregate, stream, asked, options: Options::default() }
    }

    /// Tells how many steps are undone or redone at once, instead of one; all of them or none.
    ///
    /// Each stays a step of its own: what was undone at once can be redone one by one.
    pub fn steps(mut self, steps: u64) -> Self {
        self.asked.steps = steps;
        self
    }

    options!();

    async fn run(self) -> Result<Done, ActError<UndoError>> {
        let Self { app, aggregate, stream, asked, options } = self;
        aggregate?.undo(app, stream?, asked, options).await
    }
}

impl<'a> IntoFuture for Undoing<'a> {
    type Output = Result<Done, ActError<UndoError>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Undoes or redoes, counted and within a span, as an action is carried out.
pub(super) async fn run<A: crate::Aggregate>(
    app: &App,
    registered: &Registered<A>,
    stream: StreamId,
    asked: Asked,
    options: Options,
) -> Result<Done, ActError<UndoError>> {
    // The number of steps stands for the input: with another one a key was for something else.
    let input = Json::from_stored(asked.steps.to_string().into_bytes());
    let decision = Decision { registered, store: &app.0.store, stream: stream.clone(), asked };
    let request = Request { name: asked.way.name(), stream, input: &input, options };
    act::run(app, registered, request, decision).await
}

impl std::fmt::Debug for Undoing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undoing")
            .field("stream", &self.stream)
            .field("asked", &self.asked)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
