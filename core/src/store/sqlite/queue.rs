//! A queue between the callers and the threads that own the connections.
//!
//! What was pushed before the queue was closed is still handed out.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Jobs in the order in which they came.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    jobs: VecDeque<T>,
    idle: usize,
    closed: bool,
    nudged: bool,
}

/// Why a thread that waited for jobs goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There are jobs.
    Jobs,
    /// There are none: the time is over, or someone nudged.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        let state = State { jobs: VecDeque::new(), idle: 0, closed: false, nudged: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds a job; gives it back when the queue is closed.
    pub(super) fn push(&self, job: T) -> Result<(), T> {
        let mut state = self.state();
        if state.closed {
            return Err(job);
        }
        state.jobs.push_back(job);
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Moves up to `most` jobs behind those in `out`, waiting for the first.
    pub(super) fn drain(&self, out: &mut Vec<T>, most: usize, wait: Option<Duration>) -> Woken {
        let mut state = self.state();
        loop {
            if !state.jobs.is_empty() {
                let count = state.jobs.len().min(most);
                out.extend(state.jobs.drain(..count));
                return Woken::Jobs;
            }
            if state.closed {
                return Woken::Closed;
            }
            if std::mem::take(&mut state.nudged) {
                return Woken::Idle;
            }
            state.idle += 1;
            let over;
            (state, over) = self.wait(state, wait);
            state.idle -= 1;
            if over && state.jobs.is_empty() && !state.closed {
                return Woken::Idle;
            }
        }
    }

    /// Lets one waiting thread go round its loop once.
    pub(super) fn nudge(&self) {
        self.state().nudged = true;
        self.changed.notify_one();
    }

    /// Refuses further jobs; those that are there are still handed out.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State<T>>,
        time: Option<Duration>,
    ) -> (MutexGuard<'a, State<T>>, bool) {
        match time {
            None => (self.changed.wait(state).unwrap_or_else(PoisonError::into_inner), false),
            Some(time) => {
                let (state, result) =
                    self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner);
                (state, result.timed_out())
            }
        }
    }

    /// No code that may panic runs under the lock.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
