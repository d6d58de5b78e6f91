//! An append that nobody else waits beside stays awake until it is answered.
//!
//! A commit takes about as long as two threads need to wake each other, and a runtime with nothing
//! else to do would sleep through it. So a lone append gives way again and again instead, for a
//! short time: whatever else the runtime has to do, it does in between. Where several wait, the
//! one thread that writes needs the cores more than they do.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    sync::oneshot::{Receiver, error::TryRecvError},
    task::yield_now,
};

use super::reader::received;
use crate::Result;

/// How long at most: a commit to a fast disk takes less, to a slow one so much more that waking up
/// no longer matters.
const AWAKE: Duration = Duration::from_micros(500);

/// How many appends are under way.
#[derive(Debug, Default)]
pub(super) struct Appending(AtomicUsize);

/// One of them.
pub(super) struct Turn<'a>(&'a Appending);

impl Appending {
    pub(super) fn enter(&self) -> Turn<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Turn(self)
    }
}

impl Turn<'_> {
    /// Waits for the answer.
    pub(super) async fn answered<T>(self, mut receiver: Receiver<Result<T>>) -> Result<T> {
        let end = Instant::now() + AWAKE;
        while self.0.0.load(Ordering::Relaxed) == 1 && Instant::now() < end {
            match receiver.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Closed) => break,
                Err(TryRecvError::Empty) => yield_now().await,
            }
        }
        received(receiver).await
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
