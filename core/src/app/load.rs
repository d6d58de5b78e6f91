//! Loads the state of an aggregate, the latest or an earlier one.

use std::{future::IntoFuture, marker::PhantomData, ops::Deref, sync::Arc};

use jiff::Timestamp;

use crate::{
    Aggregate, App, Id, InvalidStream, Result, StreamId, Version,
    app::{aggregate::Registered, cell::Held},
    store::{BoxFuture, Query},
};

/// Loads a state; made by [`App::load`], runs when awaited.
#[must_use = "nothing is loaded before it is awaited"]
pub struct Load<'a, A> {
    app: &'a App,
    stream: Result<StreamId, InvalidStream>,
    as_of: Option<AsOf>,
    state: PhantomData<fn() -> A>,
}

/// Up to where a stream is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Up to this version.
    Version(Version),
    /// Up to this place in the whole log.
    Id(Id),
    /// Up to this time, by when the events were committed.
    Time(Timestamp),
}

impl From<Version> for AsOf {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

impl From<Id> for AsOf {
    fn from(id: Id) -> Self {
        Self::Id(id)
    }
}

impl From<Timestamp> for AsOf {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl<'a, A: Aggregate> Load<'a, A> {
    pub(super) fn new(app: &'a App, stream: Result<StreamId, InvalidStream>) -> Self {
        Self { app, stream, as_of: None, state: PhantomData }
    }

    /// Loads the state as it was at a [`Version`], an [`Id`] or a [`Timestamp`].
    ///
    /// Beyond the end of the stream this is the latest state.
    pub fn as_of(mut self, point: impl Into<AsOf>) -> Self {
        self.as_of = Some(point.into());
        self
    }

    async fn run(self) -> Result<Loaded<A>> {
        let registered = self.app.registered::<A>()?;
        let stream = self.stream?;
        let held = load(&registered, &stream, self.as_of).await?;
        Ok(Loaded { held, stream })
    }
}

/// Loads the latest state, or folds anew up to an earlier point.
pub(super) async fn load<A: Aggregate>(
    registered: &Registered<A>,
    stream: &StreamId,
    as_of: Option<AsOf>,
) -> Result<Held<A>> {
    let Some(point) = as_of else {
        let cell = registered.cell(stream);
        if cell.get().is_some() {
            return registered.refresh(stream, &cell).await;
        }
        // A long stream is replayed once, however many ask for it at the same time.
        let _turn = cell.queue.lock().await;
        return registered.refresh(stream, &cell).await;
    };
    let query = Query::stream(stream.clone());
    let query = match point {
        AsOf::Version(version) => query.to_version(version),
        AsOf::Id(id) => query.to_id(id),
        AsOf::Time(time) => query.to_time(time),
    };
    let start = registered.snapshot(stream).await?.filter(|snapshot| match point {
        AsOf::Version(version) => snapshot.version <= version,
        AsOf::Id(id) => snapshot.id <= id,
        AsOf::Time(time) => snapshot.created <= time,
    });
    let start = start.unwrap_or_else(Held::empty);
    let query = query.from_version(start.version.next());
    registered.fold(start, query).await
}

impl<'a, A: Aggregate> IntoFuture for Load<'a, A> {
    type Output = Result<Loaded<A>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A loaded state, and where it stands. It derefs to the state.
pub struct Loaded<A> {
    held: Held<A>,
    stream: StreamId,
}

impl<A> Loaded<A> {
    /// The version the state is at; 0 for a stream without events.
    pub fn version(&self) -> Version {
        self.held.version
    }

    /// The id of the last event folded into the state; 0 for a stream without events.
    pub fn id(&self) -> Id {
        self.held.id
    }

    /// The stream.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The state.
    pub fn state(&self) -> &A {
        &self.held.state
    }

    /// The state, taken out; copied only where the app still holds it.
    pub fn into_state(self) -> A
    where
        A: Clone,
    {
        Arc::unwrap_or_clone(self.held.state)
    }
}

impl<A> Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.held.state
    }
}

impl<A: std::fmt::Debug> std::fmt::Debug for Loaded<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("stream", &self.stream)
            .field("version", &self.held.version.0)
            .field("state", &self.held.state)
            .finish()
    }
}

impl<A> std::fmt::Debug for Load<'_, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Load").field("stream", &self.stream).field("as_of", &self.as_of).finish()
    }
}
