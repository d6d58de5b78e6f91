//! Runs a projection: a worker for each of its partitions.
//!
//! Any number of processes may run the same projection. Each partition is worked on by whoever
//! holds its lease; the others stand by and take over when it runs out.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use tokio::sync::{Notify, watch};

use crate::{
    App, Id, Json, Projection, Result, Verification,
    app::{
        builder::Context,
        health::ProjectionState,
        view::{Asks, read_json},
    },
    projection::partition_of,
    store::{BoxFuture, Query, Store, ViewId},
};

mod build;
mod documents;
mod fold;
mod follower;
mod ranges;
mod refold;
mod right;
mod status;

pub(crate) use fold::message;

#[cfg(feature = "cli")]
pub(crate) use build::Register;
pub(super) use build::{Build, view};
#[cfg(feature = "cli")]
pub(crate) use follower::FOREIGN;
pub(crate) use follower::{POLL, idle_pause};
pub(super) use refold::Refold;
pub(super) use status::{Pace, Status};

use fold::Fold;
use follower::Follower;
use right::Right;

/// A projection at work, seen from outside.
pub(super) struct Runner {
    pub(super) build: Build,
    pub(super) parts: Vec<Part>,
    /// Folds it again, for callers that know its name only.
    pub(super) verify: for<'a> fn(&'a App) -> BoxFuture<'a, Result<Verification>>,
    /// Reads a document, for the same callers.
    pub(super) read: Read,
}

/// Reads the document of a key, or the only one.
type Read = for<'a> fn(&'a App, Option<String>, Asks) -> BoxFuture<'a, Result<Option<Json>>>;

/// One partition; the only one when the documents are not spread.
pub(super) struct Part {
    pub(super) view: ViewId,
    pub(super) status: watch::Receiver<Status>,
    pub(super) partition: u32,
    /// For each handler the aggregates whose events it takes; empty for any.
    from: Vec<Vec<&'static str>>,
    /// Tells the worker that what is stored was changed from outside.
    changed: Arc<Notify>,
    /// How often that has happened; a status of before then tells nothing.
    generation: Arc<AtomicU64>,
}

/// Starts a projection.
pub(super) fn start<P: Projection>(context: &Context<'_>) -> Runner {
    let partitions = P::PARTITIONS.max(1);
    let build = Build::new(context.store, P::NAME, P::VERSION, partitions);
    let parts = (0..partitions).map(|at| start_part::<P>(context, &build, at)).collect();
    Runner {
        build,
        parts,
        verify: |app| Box::pin(app.verify::<P>()),
        read: |app, key, asks| Box::pin(read_json::<P>(app, key, asks)),
    }
}

fn start_part<P: Projection>(context: &Context<'_>, build: &Build, partition: u32) -> Part {
    let view = build.view(partition);
    let from: Vec<_> = context.model.takes.iter().map(|takes| takes.from.clone()).collect();
    let (status, seen) = watch::channel(Status::new());
    let (changed, generation) = (Arc::new(Notify::new()), Arc::<AtomicU64>::default());
    let store = Arc::clone(context.store);
    let right = Right {
        store: Arc::clone(&store),
        clock: Arc::clone(context.clock),
        name: lease_name(&view),
        holder: context.holder.to_owned(),
        ttl: context.lease,
        lease: None,
    };
    let follower = Follower::<P> {
        fold: Fold { store, view: view.clone(), from: from.clone(), partition },
        right,
        build: build.clone(),
        status,
        changed: Arc::clone(&changed),
        generation: Arc::clone(&generation),
        folded: None,
        begun: 0,
        range: context.range,
        in_order: false,
    };
    let stop = context.tasks.stopping();
    context.tasks.spawn(follower.run(stop));
    Part { view, status: seen, partition, from, changed, generation }
}

/// The lease on the work behind a view.
pub(crate) fn lease_name(view: &ViewId) -> String {
    format!("projection {view}")
}

impl Runner {
    /// The partition that has the document of a key.
    pub(super) fn part_of(&self, key: &str) -> Option<&Part> {
        let wanted = partition_of(key, self.build.partitions);
        self.parts.iter().find(|part| part.partition == wanted)
    }

    /// How far the whole of it is: as far as the last of its parts, as ill as the worst.
    pub(super) fn status(&self) -> Status {
        let mut all = self.parts.iter().map(|part| part.status.borrow().clone());
        let Some(mut whole) = all.next() else { return Status::new() };
        for part in all {
            whole.seen = whole.seen.min(part.seen);
            whole.rate = match (whole.rate, part.rate) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            if rank(&part.state) > rank(&whole.state) {
                whole.state = part.state;
            }
        }
        whole
    }

    /// Tells the workers that what is stored was changed from outside.
    pub(super) fn changed(&self) {
        for part in &self.parts {
            part.generation.fetch_add(1, SeqCst);
            part.changed.notify_one();
        }
    }
}

impl Part {
    fn fold(&self, store: &Arc<dyn Store>) -> Fold {
        let (store, view) = (Arc::clone(store), self.view.clone());
        Fold { store, view, from: self.from.clone(), partition: self.partition }
    }

    /// Whether a status tells of what is stored now.
    pub(super) fn is_current(&self, status: &Status) -> bool {
        status.generation == self.generation.load(SeqCst)
    }

    /// A fold beside what is stored, of all documents or of one.
    pub(super) fn refold<P: Projection>(
        &self,
        store: &Arc<dyn Store>,
        only: Option<String>,
    ) -> Refold<P> {
        Refold::new(self.fold(store), only)
    }

    /// Whether what is stored holds everything up to an id, whoever stored it.
    ///
    /// A checkpoint is not stored for every event that does not concern the projection, so the
    /// events behind it are looked at.
    pub(super) async fn is_stored<P: Projection>(
        &self,
        store: &Arc<dyn Store>,
        id: Id,
    ) -> Result<bool> {
        use futures_util::StreamExt;
        let checkpoint = store.checkpoint(&self.view).await?;
        if checkpoint >= id {
            return Ok(true);
        }
        if store.head().await? < id {
            return Ok(false);
        }
        let fold = self.fold(store);
        let behind: Query = fold::query::<P>().after(checkpoint).to_id(id);
        let mut pages = store.read(behind);
        while let Some(page) = pages.next().await {
            if page?.into_iter().any(|event| fold.concerns::<P>(event)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn rank(state: &ProjectionState) -> u8 {
    match state {
        ProjectionState::Standby => 0,
        ProjectionState::Running => 1,
        ProjectionState::Retrying { .. } => 2,
        ProjectionState::Stopped { .. } => 3,
    }
}
