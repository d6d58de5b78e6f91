//! How one event type changes a projection, as the macro hands it over.

use std::any::type_name;

use crate::{Committed, Error, Event, Result, event::Kind, projection::KeyOf};

/// How one event type changes a projection.
pub struct Handler<P> {
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// What is known of the event type.
    pub event: Kind,
    /// Decodes the payload and calls the method on the document that the event concerns.
    pub call: fn(&mut P, Committed) -> Result<Fate>,
    /// Which document an event concerns.
    pub route: Route<P>,
}

/// Which document an event concerns.
pub enum Route<P> {
    /// The only one.
    One,
    /// That of the event's stream: known without decoding the payload.
    Stream,
    /// One that the event names: decodes the payload once, for the key and for the change.
    Key(fn(Committed) -> Result<Change<P>>),
}

/// What an event does to the document of a key.
pub struct Change<P> {
    /// The key.
    pub key: String,
    /// Calls the method.
    pub apply: Deferred<P>,
}

/// A change of a document that is made later.
pub(crate) type Deferred<P> = Box<dyn FnOnce(&mut P) -> Result<Fate> + Send>;

/// What becomes of a document after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Kept,
    /// It is deleted; a later event of its key begins with an empty one.
    Deleted,
}

/// Deletes the document of a key: a handler that returns it, or `Option<Delete>`, ends the
/// document.
///
/// ```
/// use actum::{Delete, prelude::*};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct Reserved { seats: u32 }
/// #[derive(Event, Serialize, Deserialize)]
/// struct Cancelled {}
///
/// #[derive(Default, Serialize, Deserialize)]
/// struct Reservation { seats: u32 }
///
/// #[projection(key = stream)]
/// impl Reservation {
///     fn reserved(&mut self, event: &Committed<Reserved>) { self.seats += event.data.seats }
///     fn cancelled(&mut self, _: &Committed<Cancelled>) -> Delete { Delete }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delete;

/// What a handler of a projection with a document for each key may return.
#[diagnostic::on_unimplemented(
    message = "a handler of a projection cannot return `{Self}`",
    label = "neither nothing nor `Delete`",
    note = "a handler returns nothing, or `Delete` or `Option<Delete>` to delete the document of its key"
)]
pub trait Outcome {
    /// What becomes of the document.
    fn fate(self) -> Fate;
}

impl Outcome for () {
    fn fate(self) -> Fate {
        Fate::Kept
    }
}

impl Outcome for Delete {
    fn fate(self) -> Fate {
        Fate::Deleted
    }
}

impl Outcome for Option<Delete> {
    fn fate(self) -> Fate {
        self.map_or(Fate::Kept, Outcome::fate)
    }
}

/// What a handler may return that opens personal values: what others may, or a `Result` of it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a handler that takes an `Opener` cannot return `{Self}`",
    label = "neither nothing nor an `actum::Result<()>`",
    note = "opening can fail: return `actum::Result<()>`, and hand errors on by `?`; where documents have keys, `actum::Result<Option<Delete>>` too"
)]
pub trait Opening {
    fn fate(self) -> Result<Fate>;
}

impl Opening for () {
    fn fate(self) -> Result<Fate> {
        Ok(Fate::Kept)
    }
}

impl<O: Outcome> Opening for Result<O> {
    fn fate(self) -> Result<Fate> {
        self.map(Outcome::fate)
    }
}

/// A method of a projection as the macro hands it over.
#[doc(hidden)]
pub trait Handles<E> {
    fn handle(&mut self, event: &Committed<E>) -> Result<Fate>;
}

impl<P> Handler<P> {
    /// The handler for the event type `E` of a projection with one document.
    #[doc(hidden)]
    pub const fn of<E: Event>(method: &'static str, docs: &'static str) -> Self
    where
        P: Handles<E>,
    {
        Self { method, docs, event: Kind::of::<E>(), call: call::<P, E>, route: Route::One }
    }

    /// The handler for the event type `E` of a projection with a document for each stream.
    #[doc(hidden)]
    pub const fn of_stream<E: Event>(method: &'static str, docs: &'static str) -> Self
    where
        P: Handles<E>,
    {
        Self { method, docs, event: Kind::of::<E>(), call: call::<P, E>, route: Route::Stream }
    }

    /// The handler for the event type `E` of a projection with a document for each key.
    #[doc(hidden)]
    pub const fn of_key<E: Event>(method: &'static str, docs: &'static str) -> Self
    where
        P: Handles<E> + KeyOf<E>,
    {
        let route = Route::Key(change::<P, E>);
        Self { method, docs, event: Kind::of::<E>(), call: call::<P, E>, route }
    }
}

fn call<P: Handles<E>, E: Event>(view: &mut P, event: Committed) -> Result<Fate> {
    let event = event.decode::<E>()?;
    handle(view, &event)
}

/// Names the event in an error of its handler.
fn handle<P: Handles<E>, E>(view: &mut P, event: &Committed<E>) -> Result<Fate> {
    view.handle(event).map_err(|error| Error::Handler {
        view: type_name::<P>().rsplit("::").next().unwrap_or_default().to_owned(),
        id: event.id,
        stream: event.stream.clone(),
        source: Box::new(error),
    })
}

fn change<P: Handles<E> + KeyOf<E>, E: Event>(event: Committed) -> Result<Change<P>> {
    let event = event.decode::<E>()?;
    let key = P::key(&event);
    Ok(Change { key, apply: Box::new(move |view| handle(view, &event)) })
}

impl<P> std::fmt::Debug for Route<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One => "One",
            Self::Stream => "Stream",
            Self::Key(_) => "Key",
        })
    }
}

impl<P> std::fmt::Debug for Change<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change").field("key", &self.key).finish_non_exhaustive()
    }
}
