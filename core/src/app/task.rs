//! The tasks an app has started: each is stopped, and waited for, by the app that owns it.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use crate::{Error, Result};

/// The tasks of an app; dropping it cuts them off.
#[derive(Debug)]
pub(super) struct Tasks {
    stop: watch::Sender<bool>,
    running: Mutex<JoinSet<()>>,
}

/// Tells a task that it shall come to an end.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Default for Tasks {
    fn default() -> Self {
        Self { stop: watch::Sender::new(false), running: Mutex::default() }
    }
}

impl Tasks {
    pub(super) fn stopping(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).spawn(task)
    }

    pub(super) async fn stop(&self, grace: Duration) -> Result<()> {
        self.stop.send_replace(true);
        let mut running =
            std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while running.join_next().await.is_some() {} };
        let ended = tokio::time::timeout(grace, all).await;
        ended.map_err(|_| Error::Closed { what: "an app with work still in flight" })
    }
}

impl Stop {
    /// Waits until the task shall end.
    pub(super) async fn wanted(&mut self) {
        // An error means that the app is gone, which is as good a reason.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    pub(super) fn is_wanted(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
