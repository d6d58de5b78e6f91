//! Any write but an append: it runs in the writer's transaction and shares the group's fsync.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::Failure;
use crate::Result;

/// A write that waits for its group.
pub(super) trait Change: Send {
    /// Writes; what refuses does so before it changes anything. May run again in a transaction
    /// of its own when its group failed.
    fn run(&mut self, connection: &Connection) -> Result<(), Failure>;

    /// Answers: with the outcome of the last run, or with what befell the whole group.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

/// A change that is a function.
pub(super) struct Call<T, F> {
    pub(super) action: &'static str,
    pub(super) work: F,
    pub(super) outcome: Option<Result<T>>,
    pub(super) reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Change for Call<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<Result<T>, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        self.outcome = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let Self { action, outcome, reply, .. } = *self;
        let outcome = match (failure, outcome) {
            (None, Some(outcome)) => outcome,
            (Some(failure), _) => Err(failure.clone().into_error(action)),
            (None, None) => return,
        };
        // Who no longer waits needs no answer.
        let _ = reply.send(outcome);
    }
}
