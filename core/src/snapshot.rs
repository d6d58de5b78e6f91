//! Snapshots: taken off the caller's path, trusted only when they fit.
//!
//! A snapshot carries a fingerprint of the state's shape. One that has another fingerprint, or
//! does not decode, is ignored and replaced: the fold is the truth. A snapshot that cannot be
//! stored changes nothing for any caller.

use std::{future::Future, sync::Arc};

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::{
    Aggregate, Json, Result, StreamId, Version,
    app::Held,
    store::{Snapshot, Store},
};

mod shape;

/// How many snapshots may wait to be stored; when there are more, one is left out.
const WAITING: usize = 64;

/// Takes and finds the snapshots of one aggregate.
pub(crate) struct Snapshotter<A> {
    store: Arc<dyn Store>,
    fingerprint: Arc<str>,
    queue: mpsc::Sender<Due<A>>,
}

/// A state that shall be put aside.
struct Due<A> {
    stream: StreamId,
    held: Held<A>,
}

/// The task that stores snapshots.
pub(crate) struct Work<A> {
    store: Arc<dyn Store>,
    fingerprint: Arc<str>,
    due: mpsc::Receiver<Due<A>>,
}

impl<A: Aggregate> Snapshotter<A> {
    pub(crate) fn new(store: Arc<dyn Store>) -> (Self, Work<A>) {
        let fingerprint: Arc<str> = shape::fingerprint::<A>().into();
        let (queue, due) = mpsc::channel(WAITING);
        let work = Work { store: Arc::clone(&store), fingerprint: Arc::clone(&fingerprint), due };
        (Self { store, fingerprint, queue }, work)
    }

    /// The latest snapshot that fits; whatever is wrong with it, the answer is to replay.
    pub(crate) async fn latest(&self, stream: &StreamId) -> Option<Held<A>> {
        let found = match self.store.snapshot(stream).await {
            Ok(found) => found?,
            Err(error) => {
                tracing::warn!(%stream, %error, "cannot read the snapshot, replaying");
                return None;
            }
        };
        if *found.fingerprint != *self.fingerprint {
            tracing::debug!(%stream, "the snapshot has another shape, replaying");
            return None;
        }
        match found.state.decode::<Stored<A>>() {
            Ok(Stored { created, state }) => Some(Held {
                state: Arc::new(state),
                version: found.version,
                id: found.id,
                created,
                // The log tells.
                closed: false,
            }),
            Err(error) => {
                tracing::warn!(%stream, %error, "the snapshot does not decode, replaying");
                None
            }
        }
    }

    /// Puts a state aside when its stream has grown past the next multiple of `snapshot_every`.
    pub(crate) fn consider(
        &self,
        stream: &StreamId,
        from: Version,
        to: Version,
        held: impl FnOnce() -> Option<Held<A>>,
    ) {
        let Some(every) = A::SNAPSHOT_EVERY.filter(|every| *every > 0) else { return };
        if from.0 / every == to.0 / every {
            return;
        }
        if let Some(held) = held() {
            let due = Due { stream: stream.clone(), held };
            if self.queue.try_send(due).is_err() {
                tracing::debug!(%stream, "too many snapshots are waiting, leaving one out");
            }
        }
    }

    /// Puts a state aside now.
    pub(crate) async fn save(&self, stream: &StreamId, held: &Held<A>) -> Result<()> {
        save(self.store.as_ref(), &self.fingerprint, stream, held).await
    }
}

impl<A: Aggregate> Work<A> {
    /// Stores what is due until `stop` is ready, then what is left in the queue.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let due = tokio::select! {
                due = self.due.recv() => due,
                () = &mut stop => break,
            };
            let Some(due) = due else { return };
            self.store(due).await;
        }
        while let Ok(due) = self.due.try_recv() {
            self.store(due).await;
        }
    }

    async fn store(&self, Due { stream, held }: Due<A>) {
        if let Err(error) = save(self.store.as_ref(), &self.fingerprint, &stream, &held).await {
            tracing::warn!(%stream, %error, "cannot store a snapshot");
        }
    }
}

async fn save<A: Aggregate>(
    store: &dyn Store,
    fingerprint: &str,
    stream: &StreamId,
    held: &Held<A>,
) -> Result<()> {
    let state =
        Json::from_value(&Keeps { created: held.created, state: held.state.as_ref() }).map_err(
            |source| crate::Error::Encode { what: format!("the snapshot of `{stream}`"), source },
        )?;
    let snapshot = Snapshot {
        stream: stream.clone(),
        version: held.version,
        id: held.id,
        fingerprint: fingerprint.to_owned(),
        state,
    };
    store.save_snapshot(snapshot).await
}

#[derive(serde::Serialize)]
struct Keeps<'a, A> {
    created: Timestamp,
    state: &'a A,
}

#[derive(serde::Deserialize)]
#[serde(bound = "A: serde::de::DeserializeOwned")]
struct Stored<A> {
    created: Timestamp,
    state: A,
}
