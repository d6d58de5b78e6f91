//! One aggregate of an app: its states in memory, and how one is brought up to date.

use std::{num::NonZeroUsize, sync::Arc};

use futures_util::StreamExt;
use quick_cache::sync::Cache;

use crate::{
    Aggregate, Invariant, Invariants, Result, StreamId,
    app::{
        cell::{Cell, Held},
        task::Tasks,
        trail::Trails,
    },
    snapshot::Snapshotter,
    store::{Query, Store},
};

/// An aggregate that the app was built with.
pub(super) struct Registered<A: Aggregate> {
    cells: Cache<StreamId, Arc<Cell<A>>>,
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Snapshotter<A>,
    /// States on the way through long streams, for time travel.
    pub(super) trails: Trails<A>,
    /// What is checked before each append; empty unless that was asked for.
    pub(super) invariants: &'static [Invariant<A>],
}

impl<A: Aggregate> Registered<A> {
    pub(super) fn new(cached: NonZeroUsize, tasks: &Tasks, store: &Arc<dyn Store>) -> Self {
        let (snapshots, work) = Snapshotter::new(Arc::clone(store));
        let mut stop = tasks.stopping();
        tasks.spawn(async move {
            work.run(async move { stop.wanted().await }).await;
        });
        Self {
            cells: Cache::new(cached.get()),
            store: Arc::clone(store),
            snapshots,
            trails: Trails::default(),
            invariants: &[],
        }
    }

    /// Has the invariants checked before each append.
    pub(super) fn checked(self) -> Self
    where
        A: Invariants,
    {
        Self { invariants: A::INVARIANTS, ..self }
    }

    /// The cell of a stream, made where there is none.
    pub(super) fn cell(&self, stream: &StreamId) -> Arc<Cell<A>> {
        if let Some(cell) = self.cells.get(stream) {
            return cell;
        }
        let made = self.cells.get_or_insert_with(stream, || Ok::<_, ()>(Arc::new(Cell::new())));
        // The closure cannot fail.
        made.unwrap_or_else(|()| Arc::new(Cell::new()))
    }

    /// The state in memory, or the snapshot and what came after it.
    pub(super) async fn load(&self, stream: &StreamId, cell: &Cell<A>) -> Result<Held<A>> {
        match cell.get() {
            Some(held) => Ok(held),
            None => self.refresh(stream, cell).await,
        }
    }

    /// The latest state, whoever has written to the stream.
    pub(super) async fn refresh(&self, stream: &StreamId, cell: &Cell<A>) -> Result<Held<A>> {
        let held = match cell.get() {
            Some(held) => held,
            None => self.snapshot(stream).await?.unwrap_or_else(Held::empty),
        };
        let query = Query::stream(stream.clone()).from_version(held.version.next());
        let held = self.fold(held, query).await?;
        cell.keep(&held);
        Ok(held)
    }

    /// The latest snapshot, if it was taken of this very log: the event it ends with is there.
    ///
    /// An older log that was put under a newer snapshot has another one there, or none.
    pub(super) async fn snapshot(&self, stream: &StreamId) -> Result<Option<Held<A>>> {
        let Some(held) = self.snapshots.latest(stream).await else { return Ok(None) };
        if self.is_of_the_log(stream, &held).await? {
            return Ok(Some(held));
        }
        tracing::warn!(%stream, version = %held.version, "the snapshot is of another log, replaying");
        Ok(None)
    }

    /// Whether a state that was put aside ends with the event that the log has there.
    pub(super) async fn is_of_the_log(&self, stream: &StreamId, held: &Held<A>) -> Result<bool> {
        let query = Query::stream(stream.clone())
            .from_version(held.version)
            .to_version(held.version)
            .without_meta();
        let last = self.store.read(query).next().await.transpose()?;
        Ok(last.as_deref().and_then(<[_]>::first).is_some_and(|event| event.id == held.id))
    }

    /// The state that the events of a query lead to from another.
    pub(super) async fn fold(&self, mut held: Held<A>, query: Query) -> Result<Held<A>> {
        let mut pages = self.store.read(query.without_meta());
        while let Some(page) = pages.next().await {
            held.extend(&page?)?;
        }
        Ok(held)
    }
}
