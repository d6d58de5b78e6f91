//! The right to run a projection: a lease that is taken when there is work, prolonged while there
//! is, and left to run out when there is none.
//!
//! Its token goes with every commit, so that a worker that was paused beyond its lease is refused.

use std::{sync::Arc, time::Duration};

use crate::{
    Result,
    clock::Clock,
    store::{Lease, Store},
};

/// The right to do one piece of work, held or not.
pub(super) struct Right {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    /// The piece of work.
    pub(super) name: String,
    /// Who this process is.
    pub(super) holder: String,
    pub(super) ttl: Duration,
    pub(super) lease: Option<Lease>,
}

/// Who has the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// This worker, as before: what it has in memory still holds.
    Kept,
    /// This worker, and another may have had it since.
    Won,
    /// Another worker.
    Lost,
}

impl Right {
    /// Takes the right, or prolongs it when a third of its time is gone.
    pub(super) async fn hold(&mut self) -> Result<Hold> {
        let now = self.clock.now();
        let fresh = self.ttl * 2 / 3;
        let is_fresh = |lease: &Lease| {
            now.checked_add(fresh).is_ok_and(|later| later <= lease.until)
                && now.checked_add(self.ttl).is_ok_and(|end| end >= lease.until)
        };
        if self.lease.as_ref().is_some_and(is_fresh) {
            return Ok(Hold::Kept);
        }
        let before = self.lease.as_ref().map(|lease| lease.token);
        self.lease = self.store.acquire(&self.name, &self.holder, now, self.ttl).await?;
        Ok(match &self.lease {
            None => Hold::Lost,
            Some(lease) if Some(lease.token) == before => Hold::Kept,
            Some(_) => Hold::Won,
        })
    }

    /// Gives the right back, so that the next one need not wait for its end.
    pub(super) async fn release(&mut self) {
        let Some(lease) = self.lease.take() else { return };
        if let Err(error) = self.store.release(&lease).await {
            // It runs out by itself.
            tracing::warn!(lease = lease.name, %error, "cannot give a lease back");
        }
    }
}
