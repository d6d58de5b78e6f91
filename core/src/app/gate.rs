//! The door of an app: it lets work in until the app is shut down, and tells when all of it is out.
//!
//! One number holds how many are inside and whether the door is open, so that whoever is let in is
//! counted in the same step: nobody slips in behind a door that was found empty.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::{Error, Result, app::task};

/// Set when only the app's own tasks are let in.
const DRAINING: u64 = 1;

/// Set when nobody is let in.
const CLOSED: u64 = 2;

/// One more inside.
const ONE: u64 = 4;

/// Counts the work at hand.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: AtomicU64,
    emptied: Notify,
}

/// Somebody inside; dropping it is leaving.
#[derive(Debug)]
pub(super) struct Inside<'a>(&'a Gate);

impl Gate {
    /// Lets work in.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once the app shuts down; its own tasks may still finish what they do.
    pub(super) fn enter(&self) -> Result<Inside<'_>> {
        let before = self.state.fetch_add(ONE, Ordering::AcqRel);
        let inside = Inside(self);
        if before & CLOSED != 0 || (before & DRAINING != 0 && !task::is_own()) {
            return Err(Error::Closed { what: "the app" });
        }
        Ok(inside)
    }

    /// Refuses work from outside.
    pub(super) fn drain(&self) {
        self.state.fetch_or(DRAINING, Ordering::AcqRel);
    }

    /// Refuses all work.
    pub(super) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// How many are inside.
    pub(super) fn count(&self) -> u64 {
        self.state.load(Ordering::Acquire) / ONE
    }

    pub(super) fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) & (DRAINING | CLOSED) == 0
    }

    /// Waits until nobody is inside.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let before = self.0.state.fetch_sub(ONE, Ordering::AcqRel);
        if before / ONE == 1 && before & (DRAINING | CLOSED) != 0 {
            self.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::sync::oneshot;

    use super::*;
    use crate::app::task::Tasks;

    #[tokio::test]
    async fn an_own_task_may_finish_its_work_until_the_gate_is_closed() {
        let (gate, tasks) = (Arc::new(Gate::default()), Tasks::default());
        let (told, tells) = oneshot::channel();
        let (mut stop, own) = (tasks.stopping(), Arc::clone(&gate));
        tasks.spawn(async move {
            stop.wanted().await;
            let inside = own.enter().is_ok();
            // What it starts counts as from outside unless it says otherwise.
            let other = Arc::clone(&own);
            let outside = tokio::spawn(async move { other.enter().is_ok() }).await;
            let wrapped = tokio::spawn(task::own(async move { own.enter().is_ok() })).await;
            let _ = told.send((inside, outside.unwrap(), wrapped.unwrap()));
        });
        assert!(gate.enter().is_ok());
        tasks.stop(&gate, Duration::from_secs(30)).await.unwrap();
        assert_eq!(tells.await.unwrap(), (true, false, true));
        assert!(matches!(gate.enter(), Err(Error::Closed { .. })));
        assert_eq!(gate.count(), 0);
    }

    #[tokio::test]
    async fn it_waits_for_whoever_is_inside() {
        let (gate, tasks) = (Gate::default(), Tasks::default());
        let (one, two) = (gate.enter().unwrap(), gate.enter().unwrap());
        let late = tasks.stop(&gate, Duration::ZERO).await;
        assert!(matches!(late, Err(Error::Unfinished { actions: 2, tasks: 0, .. })), "{late:?}");
        drop(one);
        let (ended, ()) = tokio::join!(tasks.stop(&gate, Duration::from_secs(30)), async {
            tokio::task::yield_now().await;
            drop(two);
        });
        ended.unwrap();
    }
}
