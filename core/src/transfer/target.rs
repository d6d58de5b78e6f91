//! Puts events into the target: compares those that are there already, and stores the others.

use std::vec;

use futures_util::{StreamExt, stream::Fuse};

use crate::{
    Committed, Error, Id, Result,
    store::{Appended, Batch, Expected, Key, NewEvent, Pages, Query, Restore, Store, Write},
    transfer::{Fault, Ids, Moves, Report, keys::Keys, plan::Draft, reference},
};

/// How many events go into one call, and how many bytes of payload.
const EVENTS: usize = 500;
const BYTES: usize = 1 << 20;

/// How events get into a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// With the ids that the copy gives.
    Restore,
    /// As any other event, with the ids that the store gives.
    Append,
}

/// The target of a copy.
pub(super) struct Target<'t> {
    to: &'t dyn Store,
    way: Way,
    keep: bool,
    /// Whether meta data is to be changed where it names events.
    changes_meta: bool,
    there: There,
    /// Whether the last event was stored rather than found.
    is_storing: bool,
    /// The last id that is stored or has been given.
    last: Id,
    stored: Id,
    bytes: usize,
    restore: Restore,
    batch: Batch,
    /// The key of the batch, as the source has it.
    keyed: Option<String>,
    /// For each event of the batch its id in the source.
    olds: Vec<Id>,
    pub(super) moves: Moves,
}

/// What an earlier run has stored.
struct There {
    pages: Fuse<Pages>,
    page: vec::IntoIter<Committed>,
}

/// Whether a store takes ids.
pub(super) async fn way(to: &dyn Store, ids: Ids) -> Result<Way> {
    let nothing = Restore { after: Id(u64::MAX), ..Restore::default() };
    match to.restore(nothing).await {
        Ok(()) => Ok(Way::Restore),
        Err(Error::Unsupported { .. }) if ids == Ids::Remap => Ok(Way::Append),
        Err(error) => Err(error),
    }
}

impl<'t> Target<'t> {
    pub(super) async fn new(
        to: &'t dyn Store,
        (way, ids): (Way, Ids),
        base: Id,
        changes_meta: bool,
    ) -> Result<Self> {
        let (keep, there) = (ids == Ids::Keep, There::new(to, base).await?);
        Ok(Self {
            to,
            way,
            keep,
            changes_meta,
            there,
            is_storing: false,
            last: base,
            stored: base,
            bytes: 0,
            restore: Restore::default(),
            batch: Batch::default(),
            keyed: None,
            olds: Vec::new(),
            moves: Moves::new(keep),
        })
    }

    /// Puts an event behind the last one; where it is, unless the store has yet to tell.
    pub(super) async fn put(
        &mut self,
        draft: Draft,
        keys: &Keys,
        report: &mut Report,
    ) -> Result<Option<Committed>> {
        let Draft { old, mut event } = draft;
        if self.way == Way::Append && self.waits_for(&event, keys.name()) {
            self.flush(report).await?;
        }
        let there = self.there.next().await?;
        event.id = match (&there, self.way) {
            (Some(there), Way::Append) => there.id,
            (None, Way::Append) => Id(0),
            (_, Way::Restore) if self.keep => old,
            (_, Way::Restore) => self.last.next(),
        };
        if event.id > Id(0) {
            self.moved(old, event.id, report);
        }
        if self.changes_meta {
            event.meta = reference::moved(&event.meta, &self.moves, report).map_err(|source| {
                Error::Encode { what: format!("the meta data of event {old}"), source }
            })?;
        }
        self.is_storing = there.is_none();
        if let Some(there) = there {
            if !same(&there, &event) {
                return Err(Fault::Changed { id: there.id }.into());
            }
            report.already += 1;
            self.stored = event.id;
            return Ok(Some(event));
        }
        self.bytes += event.data.as_bytes().len() + event.meta.json().as_bytes().len();
        match self.way {
            Way::Restore => {
                self.restore.events.push(event.clone());
                Ok(Some(event))
            }
            Way::Append => {
                self.olds.push(old);
                self.push(event);
                self.batch.key = keys.current(&self.moves);
                self.keyed = keys.name().map(str::to_owned);
                Ok(None)
            }
        }
    }

    /// Takes a key whose events were put, or dropped all.
    pub(super) async fn key(
        &mut self,
        (key, appended): (Key, Appended),
        is_dropped: bool,
        report: &mut Report,
    ) -> Result<()> {
        match self.way {
            // One that was found with its events is there as well.
            Way::Restore if is_dropped || self.is_storing => {
                self.restore.keys.push((key, appended));
            }
            Way::Restore => {}
            Way::Append => {
                // It goes with its events; the next ones are another batch.
                self.flush(report).await?;
                if is_dropped {
                    self.to.append(Batch::default().key(key)).await?;
                }
            }
        }
        Ok(())
    }

    /// Stores what has gathered, if it is enough for a call.
    pub(super) async fn store(&mut self, report: &mut Report) -> Result<()> {
        let count = self.restore.events.len().max(self.restore.keys.len()).max(self.olds.len());
        if count >= EVENTS || self.bytes >= BYTES {
            self.flush(report).await?;
        }
        Ok(())
    }

    /// Stores what has gathered.
    pub(super) async fn flush(&mut self, report: &mut Report) -> Result<()> {
        self.bytes = 0;
        if !self.olds.is_empty() {
            return self.append(report).await;
        }
        let mut restore = std::mem::take(&mut self.restore);
        if restore.events.is_empty() && restore.keys.is_empty() {
            return Ok(());
        }
        loop {
            restore.after = self.stored;
            match self.to.restore(restore.clone()).await {
                Ok(()) => break,
                // What a run that was killed had under way may have been stored since.
                Err(error @ Error::Grown { .. }) => {
                    let before = self.stored;
                    self.there = There::new(self.to, self.stored).await?;
                    self.skip(&mut restore, report).await?;
                    if self.stored == before {
                        return Err(error);
                    }
                    if restore.events.is_empty() && restore.keys.is_empty() {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.stored = self.last;
        Ok(())
    }

    /// Takes those events out of a call that are there.
    async fn skip(&mut self, restore: &mut Restore, report: &mut Report) -> Result<()> {
        let mut events = std::mem::take(&mut restore.events).into_iter();
        for event in events.by_ref() {
            match self.there.next().await? {
                Some(there) if same(&there, &event) => self.stored = event.id,
                Some(there) => return Err(Fault::Changed { id: there.id }.into()),
                None => {
                    restore.events.push(event);
                    break;
                }
            }
            report.already += 1;
        }
        restore.events.extend(events);
        Ok(())
    }

    /// Where the copy ends; what else is there is not of this copy.
    pub(super) async fn end(&mut self, report: &mut Report) -> Result<Id> {
        self.flush(report).await?;
        match self.there.next().await? {
            None => Ok(self.last),
            Some(event) => Err(Fault::Changed { id: event.id }.into()),
        }
    }

    fn moved(&mut self, old: Id, new: Id, report: &mut Report) {
        self.moves.push(old, new);
        self.last = new;
        report.other_ids += u64::from(old != new);
    }

    async fn append(&mut self, report: &mut Report) -> Result<()> {
        let (batch, olds) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.olds));
        let appended = self.to.append(batch).await?;
        let news = appended.placed.iter().flat_map(|placed| placed.first.0..=placed.last.0);
        for (old, new) in olds.into_iter().zip(news) {
            self.moved(old, Id(new), report);
        }
        self.stored = self.last;
        Ok(())
    }

    /// Whether an event must be in another batch than those before it: it names one of them, has
    /// another key, or would change the order.
    fn waits_for(&self, event: &Committed, key: Option<&str>) -> bool {
        let Some(first) = self.olds.first() else { return false };
        let names = reference::named(&event.meta).into_iter().any(|id| id >= *first);
        let mut before = self.batch.writes.iter().rev().skip(1);
        names || self.keyed.as_deref() != key || before.any(|write| write.stream == event.stream)
    }

    fn push(&mut self, event: Committed) {
        let Committed { name, schema, data, stream, version, created, meta, .. } = event;
        let new = NewEvent { name: name.to_string().into(), schema, data, meta, created };
        match self.batch.writes.last_mut() {
            Some(write) if write.stream == stream => write.events.push(new),
            _ => {
                let expected = match version.0 {
                    0 | 1 => Expected::Empty,
                    version => Expected::Version((version - 1).into()),
                };
                self.batch.writes.push(Write { stream, expected, events: vec![new] });
            }
        }
    }
}

impl There {
    /// The events behind an id, up to where the log ends now.
    async fn new(to: &dyn Store, after: Id) -> Result<Self> {
        let head = to.head().await?;
        let query = Query::all().after(after).to_id(head);
        Ok(Self { pages: to.read(query).fuse(), page: Vec::new().into_iter() })
    }

    async fn next(&mut self) -> Result<Option<Committed>> {
        loop {
            if let Some(event) = self.page.next() {
                return Ok(Some(event));
            }
            match self.pages.next().await {
                Some(page) => self.page = page?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// Whether the event that is there is the one that would be stored, byte for byte.
fn same(there: &Committed, event: &Committed) -> bool {
    there.id == event.id
        && there.stream == event.stream
        && there.version == event.version
        && there.name == event.name
        && there.schema == event.schema
        && there.created == event.created
        && there.data == event.data
        && there.meta.json() == event.meta.json()
}
