//! What `meta.causation` says of an action that a reaction asked: `Ship#42`, the action and the
//! event that the reaction took.

use crate::Id;

/// The causation of an action that was asked for an event.
pub(crate) fn of(action: &str, event: Id) -> String {
    format!("{action}#{event}")
}

/// The action and the event, where a causation names both.
pub(crate) fn parts(causation: &str) -> Option<(&str, Id)> {
    let (action, event) = causation.rsplit_once('#')?;
    Some((action, event.parse().ok().map(Id)?))
}
