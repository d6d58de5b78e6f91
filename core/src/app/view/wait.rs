//! Waits until a projection has seen an id, whichever process works on it.

use std::{sync::Arc, time::Duration};

use super::Asks;
use crate::{
    App, Error, Id, Projection, Result,
    app::{
        health::ProjectionState,
        runner::{self, Part, Runner, Status},
    },
    projection::partition_of,
    store::ViewId,
};

/// How long is waited between two looks at the store, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// The build that is to be read.
pub(super) struct Source {
    name: &'static str,
    version: u32,
    partitions: u32,
}

impl Source {
    /// Where the document of a key is.
    pub(super) fn view(&self, key: &str) -> ViewId {
        let partition = partition_of(key, self.partitions);
        runner::view(self.name, self.version, self.partitions, partition)
    }

    /// Where all its documents are.
    pub(super) fn views(&self) -> Vec<ViewId> {
        let Self { name, version, partitions } = *self;
        (0..partitions.max(1)).map(|at| runner::view(name, version, partitions, at)).collect()
    }
}

/// The build to read, when it has seen what was asked for.
pub(super) async fn readable<P: Projection>(
    app: &App,
    runner: &Runner,
    parts: &[&Part],
    asks: Asks,
) -> Result<Source> {
    let build = &runner.build;
    let this = Source { name: build.name, version: build.version, partitions: build.partitions };
    // Who waits for an id gets this version: it has seen all that was asked for.
    if asks.after > Id(0) && !asks.or_older {
        for part in parts {
            seen::<P>(app, part, asks.after).await?;
        }
        return Ok(this);
    }
    if build.serves() || build.look().await? {
        for part in parts {
            seen::<P>(app, part, asks.after).await?;
        }
        return Ok(this);
    }
    if asks.or_older
        && let Some(older) = build.older().await?
    {
        let (version, partitions) = (older.version, older.partitions);
        return Ok(Source { name: build.name, version, partitions });
    }
    let (view, seen) = (build.view(0).to_string(), runner.status().seen);
    Err(Error::Building { view, seen, head: app.0.store.head().await? })
}

/// Waits until a partition has seen an id.
async fn seen<P: Projection>(app: &App, part: &Part, id: Id) -> Result<()> {
    let mut status = part.status.clone();
    let (mut pause, longest) = PAUSES;
    loop {
        let Status { seen, state, .. } = {
            let status = status.borrow_and_update();
            if part.is_current(&status) { status.clone() } else { Status::new() }
        };
        if seen >= id {
            return Ok(());
        }
        if let ProjectionState::Stopped { error, .. } = state {
            let (view, source) = (part.view.to_string(), Arc::clone(&error));
            return Err(Error::ProjectionStopped { view, at: seen, source });
        }
        let is_elsewhere = matches!(state, ProjectionState::Standby);
        if is_elsewhere && part.is_stored::<P>(&app.0.store, id).await? {
            return Ok(());
        }
        tokio::select! {
            changed = status.changed() => {
                changed.map_err(|_| Error::Closed { what: "the app" })?;
            }
            () = tokio::time::sleep(pause), if is_elsewhere => {
                pause = (pause * 2).min(longest);
            }
        }
    }
}
