//! The tasks an app has started: each is stopped, and waited for, by the app that owns it.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Turn, watch},
    task::{AbortHandle, JoinSet},
};

use crate::{Error, Result, app::gate::Gate};

tokio::task_local! {
    /// Set in the tasks of apps.
    static OWN: ();
}

/// The tasks of an app; dropping it cuts them off.
#[derive(Debug)]
pub(super) struct Tasks {
    stop: watch::Sender<bool>,
    running: Mutex<JoinSet<()>>,
    /// Those that were told to stop; whoever shuts the app down waits for them in turn.
    ending: Turn<JoinSet<()>>,
}

/// Tells a task that it shall come to an end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Default for Tasks {
    fn default() -> Self {
        let stop = watch::Sender::new(false);
        Self { stop, running: Mutex::default(), ending: Turn::default() }
    }
}

/// Whether this runs in a task of an app: it may finish its work while the app shuts down.
pub(super) fn is_own() -> bool {
    OWN.try_with(|()| ()).is_ok()
}

/// Lets what a task of an app starts finish its work while the app shuts down.
pub(super) fn own<F: Future>(work: F) -> impl Future<Output = F::Output> {
    OWN.scope((), work)
}

impl Tasks {
    pub(super) fn stopping(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    /// Starts a task. What it starts itself is to be wrapped in [`own`].
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).spawn(own(task))
    }

    /// Cuts the tasks off.
    pub(super) fn cut(&self) {
        drop(std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    /// Stops the tasks, and waits until they and the work behind the gate have ended.
    pub(super) async fn stop(&self, gate: &Gate, grace: Duration) -> Result<()> {
        gate.drain();
        self.stop.send_replace(true);
        let all = async {
            let mut ending = self.ending.lock().await;
            if ending.is_empty() {
                let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                *ending = std::mem::take(&mut *running);
            }
            while let Some(ended) = ending.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a task of the app has failed");
                }
            }
            drop(ending);
            gate.emptied().await;
        };
        let ended = tokio::time::timeout(grace, all).await;
        gate.close();
        if ended.is_ok() {
            return Ok(());
        }
        // Where another caller waits with a longer grace, the tasks are left to it.
        let tasks = self.ending.try_lock().map_or(0, |mut ending| {
            ending.abort_all();
            ending.len()
        });
        Err(Error::Unfinished { actions: gate.count(), tasks, grace })
    }
}

impl Stop {
    /// Waits until the task shall end.
    pub(crate) async fn wanted(&mut self) {
        // An error means that the app is gone, which is as good a reason.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    pub(crate) fn is_wanted(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
