//! What the writer is asked for, and how it answers.

use tokio::sync::oneshot;

use crate::{
    Result,
    store::{
        Appended, Batch, Restore,
        sqlite::{append::Appender, change::Change, failure::Failure},
    },
};

/// What the writer is asked for.
pub(in crate::store::sqlite) enum Request {
    /// An append.
    Append(Box<Append>),
    /// Events of another log.
    Restore(Box<Restoring>),
    /// Any other write.
    Change(Box<dyn Change>),
}

/// An append and who waits for it.
pub(in crate::store::sqlite) struct Append {
    batch: Batch,
    reply: oneshot::Sender<Result<Appended>>,
    outcome: Option<Result<Appended>>,
}

impl Append {
    pub(in crate::store::sqlite) fn new(
        batch: Batch,
        reply: oneshot::Sender<Result<Appended>>,
    ) -> Self {
        Self { batch, reply, outcome: None }
    }
}

/// Events of another log and who waits for them to be stored.
pub(in crate::store::sqlite) struct Restoring {
    restore: Restore,
    reply: oneshot::Sender<Result<()>>,
    outcome: Option<Result<()>>,
}

impl Restoring {
    pub(in crate::store::sqlite) fn new(
        restore: Restore,
        reply: oneshot::Sender<Result<()>>,
    ) -> Self {
        Self { restore, reply, outcome: None }
    }
}

impl Request {
    /// Writes within the open transaction; fails when the whole transaction must.
    pub(super) fn run(&mut self, appender: &mut Appender<'_>) -> Result<(), Failure> {
        match self {
            Self::Append(append) => append.outcome = Some(appender.append(&append.batch)?),
            Self::Restore(part) => part.outcome = Some(appender.restore(&part.restore)?),
            Self::Change(change) => change.run(appender.connection())?,
        }
        Ok(())
    }
}

/// Answers each request of a group: with its own outcome, or with what befell the whole group.
/// Who no longer waits is not answered.
pub(super) fn answer(group: impl IntoIterator<Item = Request>, failure: Option<&Failure>) {
    for request in group {
        match request {
            Request::Append(append) => {
                let Append { batch: _, reply, outcome } = *append;
                let outcome = match (failure, outcome) {
                    (None, Some(outcome)) => outcome,
                    (Some(failure), _) => Err(failure.clone().into_error("append")),
                    (None, None) => continue,
                };
                let _ = reply.send(outcome);
            }
            Request::Restore(part) => {
                let Restoring { restore: _, reply, outcome } = *part;
                let outcome = match (failure, outcome) {
                    (None, Some(outcome)) => outcome,
                    (Some(failure), _) => Err(failure.clone().into_error("restore events")),
                    (None, None) => continue,
                };
                let _ = reply.send(outcome);
            }
            Request::Change(change) => change.answer(failure),
        }
    }
}
