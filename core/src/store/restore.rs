//! Events that come from another log, with the ids they are to have.

use std::collections::HashMap;

use crate::{
    Committed, Conflict, Error, Id, Result, StreamId, Version,
    store::{Appended, Batch, Expected, Key, NewEvent},
};

/// Events of another log for the end of this one, stored together or not at all.
///
/// Ids and versions are those of the events; names, payloads, meta data and times are kept as they
/// are. Whoever copies a log makes these, see [`actum::transfer`](crate::transfer).
#[derive(Clone, Debug, Default)]
pub struct Restore {
    /// Nothing in the log may lie behind this id.
    pub after: Id,
    /// The events, by increasing id, each behind `after`.
    pub events: Vec<Committed>,
    /// Keys with the outcome of their first use; one that is known already with the same content
    /// is left as it is.
    pub keys: Vec<(Key, Appended)>,
}

impl Restore {
    /// Checks what holds for every store: that the ids increase, that the versions of each stream
    /// follow each other, and that names are within what all stores keep.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidBatch`] for the first event that does not fit.
    pub fn check(&self) -> Result<()> {
        let (mut last, mut versions) = (self.after, HashMap::<&StreamId, Version>::new());
        for event in &self.events {
            let refuse = |why| Err(Error::InvalidBatch { stream: event.stream.clone(), why });
            if event.id <= last {
                return refuse("an id is not behind the one before it");
            }
            last = event.id;
            let before = versions.insert(&event.stream, event.version);
            if event.version.0 == 0 || before.is_some_and(|before| event.version != before.next()) {
                return refuse("a version does not follow the one before it");
            }
            let Committed { name, schema, data, meta, created, .. } = event.clone();
            let new = NewEvent { name: name.to_string().into(), schema, data, meta, created };
            Batch::new(event.stream.clone(), Expected::Any, vec![new]).check()?;
        }
        Ok(())
    }

    /// For each stream the version that it must have before, in the order of the events.
    pub fn befores(&self) -> Vec<(&StreamId, Version)> {
        let mut seen = std::collections::HashSet::new();
        let firsts = self.events.iter().filter(|event| seen.insert(&event.stream));
        firsts.map(|event| (&event.stream, Version(event.version.0.saturating_sub(1)))).collect()
    }
}

/// What a stream that is not at the version before is answered with.
pub(super) fn conflict(stream: &StreamId, before: Version, actual: Version) -> Error {
    let expected = if before.0 == 0 { Expected::Empty } else { Expected::Version(before) };
    Conflict::new(stream.clone(), expected, actual).into()
}
