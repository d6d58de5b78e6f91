//! What `meta.undoes` and `meta.redoes` say of events that are at hand.

use std::collections::HashMap;

use crate::{Committed, Meta, StreamId, Version};

/// What an event does to an earlier one, as it is shown.
pub(crate) fn told(meta: &Meta) -> Option<String> {
    match (meta.undoes(), meta.redoes()) {
        (_, Some(version)) => Some(format!("redoes {version}")),
        (Some(version), None) => Some(format!("undoes {version}")),
        (None, None) => None,
    }
}

/// The events, in the order of their streams, that a later one among them has undone: with the
/// version of that one. What was redone is not among them.
pub(crate) fn undone<'a, T: 'a>(
    events: impl IntoIterator<Item = &'a Committed<T>>,
) -> HashMap<(&'a StreamId, Version), Version> {
    let mut undone = HashMap::new();
    // The event that was there first, for each that has brought it back.
    let mut first = HashMap::new();
    for event in events {
        let of = |version: Version| (&event.stream, version);
        match (event.meta.undoes(), event.meta.redoes()) {
            (_, Some(redoes)) => {
                undone.remove(&of(redoes));
                first.insert(of(event.version), redoes);
            }
            (Some(undoes), None) => {
                undone.insert(of(undoes), event.version);
                if let Some(redone) = first.get(&of(undoes)) {
                    undone.insert(of(*redone), event.version);
                }
            }
            (None, None) => {}
        }
    }
    undone
}
