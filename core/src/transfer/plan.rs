//! What becomes of each event: its name, its stream and its version in the target.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt;

use crate::{
    Committed, Error, Id, Meta, Result, StreamId, Version,
    store::{Batch, Expected, NewEvent, Query},
    transfer::{Collision, Fault, Ids, Moves, Report, Transfer, reference},
};

/// What becomes of the events, one after the other: always the same for the same source.
pub(super) struct Plan<'t, 'a> {
    transfer: &'t Transfer<'a>,
    /// Streams of the target up to here are others' than the copy's.
    base: Id,
    streams: HashMap<StreamId, Place>,
    told: HashSet<StreamId>,
    /// For each stream of the source where its versions went.
    pub(super) versions: HashMap<StreamId, Moves>,
    pub(super) report: Report,
}

/// A stream of the target.
struct Place {
    /// The stream of the source that got the name first.
    one: StreamId,
    version: Version,
    merged: bool,
}

/// An event for the target; its id, and those in its meta data, are still those of the source.
pub(super) struct Draft {
    /// The event of the source.
    pub(super) old: Id,
    pub(super) event: Committed,
}

impl<'t, 'a> Plan<'t, 'a> {
    pub(super) fn new(transfer: &'t Transfer<'a>, base: Id) -> Self {
        let (streams, told, versions) = (HashMap::new(), HashSet::new(), HashMap::new());
        Self { transfer, base, streams, told, versions, report: Report::default() }
    }

    /// Takes the next event of the source.
    pub(super) async fn take(&mut self, event: Committed) -> Result<Vec<Draft>> {
        let (old, from, old_version) = (event.id, event.stream.clone(), event.version);
        self.report.events += 1;
        let made = match &self.transfer.rules.migrate {
            Some(migrate) => migrate(event),
            None => vec![event],
        };
        match made.len() {
            0 => self.report.dropped += 1,
            1 => {}
            count if self.transfer.rules.ids == Ids::Keep => {
                return Err(Fault::Split { id: old, count }.into());
            }
            count => self.report.added += count as u64 - 1,
        }
        let mut drafts = Vec::with_capacity(made.len());
        for event in made {
            let stream = renamed(self.transfer, &event.stream)?;
            let version = self.version(&from, &stream).await?;
            let meta = self.undone(&from, old_version, version, &event)?;
            checked(&stream, &event)?;
            if stream != from && !self.report.renamed.contains_key(&from) {
                self.report.renamed.insert(from.clone(), stream.clone());
            }
            match self.report.names.get_mut(&*event.name) {
                Some(count) => *count += 1,
                None => _ = self.report.names.insert(event.name.to_string(), 1),
            }
            self.report.copied += 1;
            drafts.push(Draft { old, event: Committed { stream, version, meta, ..event } });
        }
        Ok(drafts)
    }

    /// Notes where a version went; the meta data with the new version of what it undoes.
    fn undone(
        &mut self,
        from: &StreamId,
        old: Version,
        new: Version,
        event: &Committed,
    ) -> Result<Meta> {
        // A foreign log is numbered by the order of its lines, as the target is.
        if old == Version(0) {
            return Ok(event.meta.clone());
        }
        let moves = match self.versions.get_mut(from) {
            Some(moves) => moves,
            None => self.versions.entry(from.clone()).or_default(),
        };
        moves.push(Id(old.0), Id(new.0));
        reference::versions(&event.meta, moves, &mut self.report).map_err(|source| Error::Encode {
            what: format!("the meta data of event {}", event.id),
            source,
        })
    }

    /// The next version of a stream of the target.
    async fn version(&mut self, from: &StreamId, to: &StreamId) -> Result<Version> {
        if !self.streams.contains_key(to) {
            let version = self.before(to).await?;
            if version > Version(0) {
                self.collide(Collision::There { stream: to.clone() });
            }
            let place = Place { one: from.clone(), version, merged: version > Version(0) };
            self.streams.insert(to.clone(), place);
        }
        let Some(place) = self.streams.get_mut(to) else { return Ok(Version(0)) };
        place.version = place.version.next();
        let version = place.version;
        match self.report.streams.get_mut(to) {
            Some(count) => *count += 1,
            None => _ = self.report.streams.insert(to.clone(), 1),
        }
        if place.one != *from {
            place.merged = true;
            if self.told.insert(from.clone()) {
                let (one, other) = (place.one.clone(), from.clone());
                self.collide(Collision::Streams { to: to.clone(), one, other });
            }
        }
        Ok(version)
    }

    /// The version that a stream of the target had before the copy.
    async fn before(&self, stream: &StreamId) -> Result<Version> {
        if self.base == Id(0) {
            return Ok(Version(0));
        }
        let query = Query::stream(stream.clone()).to_id(self.base).backward().limit(1);
        let page = self.transfer.to.read(query).next().await.transpose()?;
        let last = page.and_then(|page| page.into_iter().next());
        Ok(last.map(|event| event.version).unwrap_or_default())
    }

    pub(super) fn collide(&mut self, collision: Collision) {
        let is_wanted = self.transfer.rules.merge && !matches!(collision, Collision::Key { .. });
        if !is_wanted {
            self.report.collisions.push(collision);
        }
    }

    /// Fails if anything is in the way.
    pub(super) fn free(&self) -> Result<()> {
        match self.report.collisions.first() {
            None => Ok(()),
            Some(collision) => Err(Fault::Collision { collision: collision.clone() }.into()),
        }
    }

    /// Whether a stream of the target came of several.
    pub(super) fn is_merged(&self, to: &StreamId) -> bool {
        self.streams.get(to).is_some_and(|place| place.merged)
    }
}

/// The name that a stream has in the target.
pub(super) fn renamed(transfer: &Transfer<'_>, stream: &StreamId) -> Result<StreamId> {
    match &transfer.rules.rename {
        None => Ok(stream.clone()),
        Some(rename) => rename(stream)
            .map_err(|source| Fault::Renamed { stream: stream.clone(), source }.into()),
    }
}

/// What no store takes is found before anything is stored.
fn checked(stream: &StreamId, event: &Committed) -> Result<()> {
    let Committed { name, schema, data, created, meta, .. } = event.clone();
    let new = NewEvent { name: name.to_string().into(), schema, data, meta, created };
    Batch::new(stream.clone(), Expected::Any, vec![new]).check()
}
