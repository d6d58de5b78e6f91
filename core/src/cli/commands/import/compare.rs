//! Compares the streams of a file with those that the store has.
//!
//! For each stream one hash goes over its events, in the store and in the file, up to the version
//! that both have: what is equal there has been imported before.

use crate::{
    Committed, Version,
    cli::{
        bar,
        commands::transfer::{self, Source},
        events::Events,
        exit::Failure,
    },
    store::{NewEvent, Query, Store},
};

use super::Survey;

/// What is known of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Its last version in the file.
    pub(super) in_file: Version,
    /// Its last version in the store.
    pub(super) in_store: Version,
    /// The hash of the store's events, up to the last version that both have.
    theirs: [u8; 32],
    /// The hash of the file's events, likewise.
    ours: [u8; 32],
}

impl Known {
    /// The last version that both have.
    fn shared(&self) -> Version {
        self.in_file.min(self.in_store)
    }
}

/// Looks at the store; how many events of the file it has. A stream with other events than those of
/// the file is refused.
pub(super) async fn compare(
    store: &dyn Store,
    source: &Source,
    survey: &mut Survey,
) -> Result<u64, Failure> {
    let head = store.head().await?;
    let mut events = Events::new(store, Query::all(), &[]);
    let bar = bar::new(head.0, "comparing", "ids");
    while let Some(event) = events.next().await? {
        if event.id.0 % 1024 == 0 {
            bar.set_position(event.id.0);
        }
        let Some(known) = survey.streams.get_mut(&event.stream) else { continue };
        known.in_store = event.version;
        if event.version <= known.in_file {
            known.theirs = chained(&known.theirs, &taken(event));
        }
    }
    bar.finish_and_clear();
    let shared: u64 = survey.streams.values().map(|known| known.shared().0).sum();
    if shared == 0 {
        return Ok(0);
    }
    let mut lines = source.lines()?;
    while let Some(entry) = lines.next()? {
        let Some(known) = survey.streams.get_mut(&entry.stream) else { continue };
        if entry.version > known.shared() {
            continue;
        }
        known.ours = chained(&known.ours, &entry.event);
        if entry.version == known.shared() && known.ours != known.theirs {
            return Err(Failure::Refused(format!(
                "the store has other events in `{}` than the file, up to version {}; nothing was \
                 stored; import into an empty store, or export what is missing",
                entry.stream,
                known.shared()
            )));
        }
    }
    Ok(shared)
}

fn taken(event: Committed) -> NewEvent {
    let Committed { name, schema, data, created, meta, .. } = event;
    NewEvent { name: name.to_string().into(), schema, data, meta, created }
}

/// The hash of everything so far and one event more.
fn chained(before: &[u8; 32], event: &NewEvent) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    hasher.update(&event.schema.to_le_bytes());
    hasher.update(&event.created.as_microsecond().to_le_bytes());
    for part in [event.name.as_bytes(), event.data.as_bytes(), event.meta.json().as_bytes()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        // The file has it on one line.
        if part.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            let mut part = part.to_vec();
            transfer::on_one_line(&mut part);
            hasher.update(&part);
        } else {
            hasher.update(part);
        }
    }
    hasher.finalize().into()
}
