//! Stores what came about: everything since the last time in one commit, one commit at a time.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Holder, pending};
use crate::{
    Error, Id, Reaction, Result,
    app::react::window::Window,
    store::{BoxFuture, Document, ViewCommit},
};

/// How long is gathered between two commits at least.
const GATHER: Duration = Duration::from_millis(5);

/// How long until settled events that are held back are looked at again.
const AGAIN: Duration = Duration::from_millis(55);

/// How far the log may run ahead of the stored checkpoint while nothing in it is of interest.
const FOREIGN: u64 = 1000;

/// The commits of a holder.
pub(super) struct Pipeline {
    /// The stored checkpoint.
    stored: Id,
    /// Up to where everything is settled or set aside, and stored if it has to be.
    settled: Id,
    running: Option<BoxFuture<'static, Result<()>>>,
    /// What is being stored, to be sent again if the store fails.
    sent: Option<ViewCommit>,
    /// When what waits is to be stored; `None` when nothing does.
    wanted: Option<Instant>,
    /// When the last commit began.
    last: Option<Instant>,
}

impl Pipeline {
    pub(super) fn new(stored: Id) -> Self {
        Self { stored, settled: stored, running: None, sent: None, wanted: None, last: None }
    }

    /// Notes that there is something to store.
    pub(super) fn touch(&mut self) {
        let now = Instant::now();
        let due = self.last.map_or(now, |last| last + GATHER).max(now);
        self.wanted = Some(self.wanted.map_or(due, |wanted| wanted.min(due)));
    }

    /// Notes that the log was read up to here.
    pub(super) fn moved(&mut self, seen: Id) {
        if seen.0.saturating_sub(self.stored.0) >= FOREIGN {
            self.touch();
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.sent.is_some()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.sent.is_none() && self.wanted.is_none()
    }

    /// When the next commit is to start.
    pub(super) fn due(&self, patience: Option<Instant>) -> Option<Instant> {
        if self.running.is_some() {
            return None;
        }
        let due = if self.sent.is_some() { self.last } else { self.wanted };
        due.map(|due| patience.map_or(due, |patience| due.max(patience)))
    }

    pub(super) async fn running(&mut self) -> Result<()> {
        let outcome = pending(&mut self.running).await;
        self.running = None;
        outcome
    }

    /// Has the checkpoint follow the log now and then, even if nothing in it was of interest.
    pub(super) fn catch_up(&mut self, seen: Id) {
        if seen > self.stored {
            self.touch();
        }
    }

    /// Up to where everything is settled or set aside, and stored if it has to be.
    pub(super) fn settled(&mut self, window: &Window) -> Id {
        let is_all_done = window.len() == 0 && self.is_idle();
        self.settled = self.settled.max(if is_all_done { window.seen } else { self.stored });
        self.settled
    }
}

impl<R: Reaction> Holder<R> {
    /// Notes a document to be stored.
    pub(super) fn change(&mut self, Document { key, data }: Document) {
        self.changes.insert(key, data);
        self.commit.touch();
    }

    /// Starts a commit if there is something to store and it is time.
    pub(super) fn start_commit(&mut self) -> Result<()> {
        let now = Instant::now();
        let hurry = self.stopping && self.patience.is_none();
        match self.commit.due(self.patience) {
            Some(due) if due <= now || hurry => {}
            _ => return Ok(()),
        }
        if self.commit.sent.is_none() {
            self.gather()?;
        }
        let Some(commit) = self.commit.sent.clone() else { return Ok(()) };
        let store = Arc::clone(&self.store);
        self.commit.running = Some(Box::pin(async move { store.commit(commit).await }));
        self.commit.last = Some(now);
        Ok(())
    }

    /// Puts together what is to be stored, if there is anything.
    fn gather(&mut self) -> Result<()> {
        self.commit.wanted = None;
        let mut documents = Vec::new();
        if self.stopping {
            self.window.mark_all();
        }
        let to = self.window.advance(&mut documents);
        self.give_up_lanes(to);
        let changes = std::mem::take(&mut self.changes);
        documents.extend(changes.into_iter().map(|(key, data)| Document { key, data }));
        if self.window.holds_back() {
            self.commit.wanted = Some(Instant::now() + AGAIN);
        }
        self.requests.committing();
        if documents.is_empty() && to == self.commit.stored {
            self.forget_requests();
            self.timers.committed();
            return Ok(());
        }
        self.timers.committing(&documents);
        self.timers.counting(&mut documents)?;
        self.commit.sent = Some(ViewCommit {
            view: self.worker.view.clone(),
            from: self.commit.stored,
            to,
            documents,
            lease: Some(self.lease.clone()),
        });
        Ok(())
    }

    pub(super) fn committed(&mut self, outcome: Result<()>) -> Result<()> {
        match outcome {
            Ok(()) => {
                if let Some(commit) = self.commit.sent.take() {
                    self.commit.stored = commit.to;
                }
                self.well();
                self.timers.committed();
                self.forget_requests();
                self.list_timers();
                // Some lanes may have waited for the checkpoint to pass them.
                if !self.idle.is_empty() {
                    self.commit.touch();
                }
                Ok(())
            }
            // If the answer to the last try was lost, it may be this holder's own commit that is
            // in the way: what is stored tells.
            Err(error @ (Error::Fenced { .. } | Error::Stale { .. })) => Err(error),
            Err(error) => {
                self.failing(error);
                Ok(())
            }
        }
    }
}
