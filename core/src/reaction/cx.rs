//! What a handler gets besides the event, and what it leaves to be stored.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::{
    App, Committed, Id, StreamId,
    reaction::Asked,
    store::Document,
    trace::{self, TraceParent},
};

/// How all keys begin that reactions make.
pub(crate) const KEYS: &str = "react/";

/// What surrounds the handling of one event.
pub struct Cx {
    app: App,
    reaction: &'static str,
    pub(super) event: Id,
    pub(super) stream: StreamId,
    pub(super) correlation: Option<String>,
    /// The trace in which what follows goes on.
    pub(super) traceparent: Option<TraceParent>,
    attempt: u32,
    asked: AtomicU32,
    /// What is stored when the event is settled.
    changes: Mutex<Vec<Document>>,
}

impl Cx {
    pub(crate) fn new(app: App, reaction: &'static str, event: &Committed, attempt: u32) -> Self {
        Self {
            app,
            reaction,
            event: event.id,
            stream: event.stream.clone(),
            correlation: event.meta.correlation().map(str::to_owned),
            traceparent: trace::linked(&event.meta),
            attempt,
            asked: AtomicU32::new(0),
            changes: Mutex::default(),
        }
    }

    /// The app, to read from.
    ///
    /// What is asked through it is neither known to the model nor kept from happening twice: take
    /// an [`Ask`](crate::Ask) for that.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Which try this is, from 1; after an interruption it may be told a number again.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A key for this event and this reaction, the same at every try, for services that take one.
    pub fn key(&self) -> String {
        format!("{KEYS}{}/{}", self.event, self.reaction)
    }

    /// Cancels the timer that was set by this reaction with this key, when the event is settled.
    ///
    /// There need not be one. A timer that is due already may have acted.
    pub fn cancel(&self, key: &str) {
        self.leave(Document { key: crate::app::timer_key(key), data: None });
    }

    /// The key of the next thing that the handler asks.
    pub(super) fn next(&self) -> (u32, String) {
        let ordinal = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        (ordinal, format!("{KEYS}{}/{ordinal}/{}", self.event, self.reaction))
    }

    pub(super) fn leave(&self, change: Document) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    pub(crate) fn into_changes(self) -> Vec<Document> {
        self.changes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx")
            .field("reaction", &self.reaction)
            .field("event", &self.event)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// What a handler may take after the event: [`Ask`](crate::Ask), [`&Cx`](Cx), [`&App`](App).
#[diagnostic::on_unimplemented(
    message = "a handler of a reaction cannot take `{Self}`",
    label = "not something that a handler is given",
    note = "after the event it takes `Ask<'_, SomeAggregate, SomeAction>` for each action it asks, `&Cx`, and `&App`; what else it needs belongs in fields of the reaction"
)]
pub trait Part<'a> {
    #[doc(hidden)]
    fn of(cx: &'a Cx) -> Self;

    #[doc(hidden)]
    fn asks(out: &mut Vec<Asked>);
}

impl<'a> Part<'a> for &'a Cx {
    fn of(cx: &'a Cx) -> Self {
        cx
    }

    fn asks(_: &mut Vec<Asked>) {}
}

impl<'a> Part<'a> for &'a App {
    fn of(cx: &'a Cx) -> Self {
        cx.app()
    }

    fn asks(_: &mut Vec<Asked>) {}
}
