//! What a reaction has parked, and what people make of it.

use std::{future::IntoFuture, marker::PhantomData};

use jiff::Timestamp;

use super::{
    Registered,
    holder::each,
    lane::{self, LANES, Lane},
    request::{self, Edit, Request},
    timer::{PARKED, Timer},
};
use crate::{
    App, Error, Id, Reaction, Result, StreamId, Version,
    store::{BoxFuture, Store},
};

/// What a reaction has parked; made by [`App::parked`], read when awaited.
#[must_use = "nothing is read before it is awaited"]
#[derive(Debug)]
pub struct Parked<'a, R> {
    app: &'a App,
    reaction: PhantomData<fn() -> R>,
}

/// A stream that a reaction has set aside, with what failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParkedStream {
    /// The stream of the event.
    pub stream: StreamId,
    /// What failed.
    pub what: ParkedWhat,
    /// The event: the one that failed, or the one whose handler has set the timer.
    pub event: Id,
    /// How often it was tried.
    pub attempts: u32,
    /// The text of the last error.
    pub error: String,
    /// Since when it has failed.
    pub since: Timestamp,
}

/// What failed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParkedWhat {
    /// The handling of an event; the further events of its stream wait behind it.
    Event {
        /// The name of the event.
        name: String,
        /// Its place in the stream.
        version: Version,
    },
    /// What a timer asks; nothing waits behind it.
    Timer {
        /// The name of the action.
        action: String,
        /// Of which stream it is asked.
        of: StreamId,
        /// Which of the handler's follow-ups it is, from 1.
        ordinal: u32,
    },
}

impl<'a, R: Reaction> Parked<'a, R> {
    pub(in crate::app) fn new(app: &'a App) -> Self {
        Self { app, reaction: PhantomData }
    }

    /// Has what failed in a stream tried once more, now; if that fails too, it stays parked.
    ///
    /// Like [`skip`](Self::skip) and [`unpark`](Self::unpark) this is stored as a request and
    /// carried out by the process that runs the reaction: at once where it runs here, within about
    /// a second where it runs elsewhere, as soon as it runs where it runs nowhere.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when nothing of the stream is parked.
    pub async fn retry(self, stream: &StreamId) -> Result<()> {
        self.request(stream, Edit::Retry).await
    }

    /// Leaves out what failed in a stream, and goes on with the events behind it.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when nothing of the stream is parked.
    pub async fn skip(self, stream: &StreamId) -> Result<()> {
        self.request(stream, Edit::Skip).await
    }

    /// Has what failed in a stream tried as if for the first time, as often as at first.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when nothing of the stream is parked.
    pub async fn unpark(self, stream: &StreamId) -> Result<()> {
        self.request(stream, Edit::Unpark).await
    }

    async fn request(self, stream: &StreamId, change: Edit) -> Result<()> {
        edit(self.app, self.app.reaction::<R>()?, stream, change).await
    }
}

/// Asks the holder for a change of what is parked of a stream.
pub(in crate::app) async fn edit(
    app: &App,
    registered: &Registered,
    stream: &StreamId,
    edit: Edit,
) -> Result<()> {
    if ask(&*app.0.store, registered.name, stream, edit).await? == 0 {
        return Err(Error::Unknown {
            what: "parked stream",
            name: stream.to_string(),
            help: format!("the reaction {} has parked nothing of it", registered.name),
        });
    }
    registered.nudge.notify_one();
    Ok(())
}

impl<'a, R: Reaction> IntoFuture for Parked<'a, R> {
    type Output = Result<Vec<ParkedStream>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            self.app.reaction::<R>()?;
            list(&*self.app.0.store, R::NAME).await
        })
    }
}

/// Leaves requests for all that the reaction of this name has parked of a stream; how many.
///
/// It needs neither the reaction's type nor an app: whoever runs the reaction carries them out.
pub(crate) async fn ask(
    store: &dyn Store,
    reaction: &str,
    stream: &StreamId,
    edit: Edit,
) -> Result<usize> {
    let requests: Vec<_> = list(store, reaction)
        .await?
        .into_iter()
        .filter(|parked| parked.stream == *stream)
        .map(|parked| match parked.what {
            ParkedWhat::Event { version, .. } => {
                let (stream, attempts) = (parked.stream, parked.attempts);
                Request::Stream { stream, edit, version, attempts }
            }
            ParkedWhat::Timer { ordinal, .. } => {
                let (event, attempts) = (parked.event, parked.attempts);
                Request::Timer { event, ordinal, edit, attempts }
            }
        })
        .collect();
    if !requests.is_empty() {
        request::leave(store, reaction, &requests).await?;
    }
    Ok(requests.len())
}

/// All that the reaction of this name has parked, by stream.
pub(crate) async fn list(store: &dyn Store, reaction: &str) -> Result<Vec<ParkedStream>> {
    let view = &super::view(reaction);
    let mut parked = Vec::new();
    each(store, view, LANES, |document| {
        let (stream, lane) = Lane::read(view, document)?;
        let Some(head) = lane.head.filter(|head| head.due.is_none()) else { return Ok(()) };
        let lane::Head { id: event, version, name, attempts, error, since, .. } = head;
        let what = ParkedWhat::Event { name, version };
        parked.push(ParkedStream { stream, what, event, attempts, error, since });
        Ok(())
    })
    .await?;
    each(store, view, PARKED, |document| {
        let Some(data) = &document.data else { return Ok(()) };
        let Timer { action, stream: of, ordinal, cause: stream, event, attempts, .. } =
            Timer::read(view, data)?;
        let timer = Timer::read(view, data)?;
        let what = ParkedWhat::Timer { action, of, ordinal };
        let error = timer.error.unwrap_or_default();
        let since = timer.since.unwrap_or(timer.due);
        parked.push(ParkedStream { stream, what, event, attempts, error, since });
        Ok(())
    })
    .await?;
    parked.sort_by(|one, other| (&one.stream, one.event).cmp(&(&other.stream, other.event)));
    Ok(parked)
}

/// Asks the holder to take away the timer that is named so.
pub(in crate::app) async fn cancel<R: Reaction>(app: &App, key: &str) -> Result<()> {
    let registered = app.reaction::<R>()?;
    request::leave(&*app.0.store, R::NAME, &[Request::Cancel { key: key.to_owned() }]).await?;
    registered.nudge.notify_one();
    Ok(())
}
