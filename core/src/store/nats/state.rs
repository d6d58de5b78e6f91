//! Values under subjects, of which only the last counts, and how one is changed.

use async_nats::jetstream::message::StreamMessage;

use crate::{
    Result,
    store::nats::{
        failure::{self, Trouble},
        jetstream::{JetStream, Outgoing},
        names::short,
    },
};

/// What becomes of a value.
pub(super) enum Change<T> {
    Leave(T),
    Put(Outgoing, T),
}

/// Decides on the present value of a subject what becomes of it, anew when another was faster. A
/// change whose answer was lost is decided on once more, so it must come to the same twice.
pub(super) async fn change<T>(
    state: &JetStream,
    action: &str,
    subject: String,
    decide: impl Fn(&str, Option<&StreamMessage>) -> Result<Change<T>>,
) -> Result<T> {
    let subject = short(action, subject)?;
    let mut patience = state.patience();
    loop {
        let present = state.last(action, &subject).await?;
        let (message, done) = match decide(&subject, present.as_ref())? {
            Change::Leave(done) => return Ok(done),
            Change::Put(message, done) => (message, done),
        };
        let sequence = present.map_or(0, |present| present.sequence);
        let Err(trouble) = state.store(&[message.expecting(sequence)]).await else {
            return Ok(done);
        };
        let is_final = matches!(trouble, Trouble::Refused(_) | Trouble::Large);
        if matches!(trouble, Trouble::Behind) {
            patience.renew();
        }
        if is_final || !patience.more().await {
            return Err(failure::to(action, trouble));
        }
        tracing::debug!(error = %trouble, action, "again");
    }
}
