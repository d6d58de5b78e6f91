//! Appends what the store does not have, in the order of the file.

use crate::{
    Error, Id, StreamId, Version,
    cli::{
        bar,
        commands::transfer::{Entry, Source},
        exit::Failure,
    },
    store::{Batch, Expected, Store, Write},
};

use super::Survey;

/// How many events go into one append, and how many bytes of payload.
const EVENTS: usize = 500;
const BYTES: usize = 1 << 20;

/// Events to be appended together; a stream stands in it once, so the order of the ids is that of
/// the file.
#[derive(Default)]
struct Group {
    batch: Batch,
    /// For each write the ids that its events have in the file.
    ids: Vec<Vec<Id>>,
    events: usize,
    bytes: usize,
}

/// Stores the rest of the file; how many events got another id.
pub(super) async fn put(
    store: &dyn Store,
    source: &Source,
    survey: &Survey,
    already: u64,
) -> Result<u64, Failure> {
    let (mut lines, mut group) = (source.lines()?, Group::default());
    let (mut stored, mut others) = (already, 0);
    let bar = bar::new(survey.events, "storing", "events").with_position(already);
    loop {
        let entry = lines.next()?;
        let is_new = |entry: &Entry| {
            survey.streams.get(&entry.stream).is_none_or(|known| entry.version > known.in_store)
        };
        let Some(entry) = entry else { break };
        if !is_new(&entry) {
            continue;
        }
        if !group.takes(&entry.stream) {
            let count = group.events as u64;
            others += append(store, std::mem::take(&mut group), stored).await?;
            stored += count;
            bar.set_position(stored);
        }
        group.push(entry);
    }
    others += append(store, group, stored).await?;
    bar.finish_and_clear();
    Ok(others)
}

impl Group {
    /// Whether events of this stream may be added.
    fn takes(&self, stream: &StreamId) -> bool {
        let is_full = self.events >= EVENTS || self.bytes >= BYTES;
        let writes = self.batch.writes.iter().rev();
        // At its end it may go on; further up it would change the order.
        let stands = writes.enumerate().find(|(_, write)| write.stream == *stream);
        !is_full && stands.is_none_or(|(from_end, _)| from_end == 0)
    }

    fn push(&mut self, entry: Entry) {
        let Entry { id, stream, version, event } = entry;
        self.events += 1;
        self.bytes += event.data.as_bytes().len() + event.meta.json().as_bytes().len();
        if let (Some(write), Some(ids)) = (self.batch.writes.last_mut(), self.ids.last_mut())
            && write.stream == stream
        {
            write.events.push(event);
            ids.push(id);
            return;
        }
        let expected = match version {
            Version(0 | 1) => Expected::Empty,
            Version(version) => Expected::Version(Version(version - 1)),
        };
        self.batch.writes.push(Write { stream, expected, events: vec![event] });
        self.ids.push(vec![id]);
    }
}

/// Appends a group; how many of its events got another id.
async fn append(store: &dyn Store, group: Group, stored: u64) -> Result<u64, Failure> {
    if group.events == 0 {
        return Ok(0);
    }
    let appended = store.append(group.batch).await.map_err(|error| {
        eprintln!(
            "actum: {stored} events of the file are stored; the same import, run again, goes on \
             behind them"
        );
        match error {
            Error::Conflict(conflict) => Failure::Refused(format!(
                "another program writes to `{}`: stop it, and import again",
                conflict.stream
            )),
            Error::InvalidBatch { .. } => Failure::Refused(error.to_string()),
            error => Failure::Store(error),
        }
    })?;
    let placed = appended.placed.iter().zip(&group.ids);
    let others = placed.flat_map(|(placed, ids)| {
        (placed.first.0..).zip(ids).filter(|(id, wanted)| *id != wanted.0)
    });
    Ok(others.count() as u64)
}
