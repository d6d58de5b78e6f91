//! The keys of the source: what makes a request idempotent there does so in the target.
//!
//! The events of a batch lie together, so at most one key is open at a time.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;

use crate::{
    Committed, Id, Result, StreamId,
    event::causation,
    store::{Appended, Key, Keyed, Placed},
    transfer::{Moves, Report, reference, source::Source},
};

/// The key whose events go by, if there is one.
#[derive(Default)]
pub(super) struct Keys {
    /// What the source knows of the keys of the page at hand.
    known: HashMap<String, Option<Keyed>>,
    open: Option<Open>,
}

struct Open {
    key: String,
    first: Keyed,
    /// For each write of the batch where its events went.
    placed: Vec<Placed>,
    /// The stream in the source, and the action.
    stream: StreamId,
    action: String,
    to: Option<StreamId>,
}

impl Keys {
    /// Asks the source for all keys of a page at once.
    pub(super) async fn look_up(&mut self, source: &Source<'_>, page: &[Committed]) -> Result<()> {
        let keys: HashSet<_> = page.iter().filter_map(|event| event.meta.key()).collect();
        let asked = keys.into_iter().map(|key| async move {
            let keyed = source.keyed(key).await?;
            Ok::<_, crate::Error>((key.to_owned(), keyed))
        });
        self.known = try_join_all(asked).await?.into_iter().collect();
        Ok(())
    }

    /// Sees an event of the source come; whether a key begins with it.
    pub(super) fn enter(&mut self, event: &Committed) -> bool {
        let key = event.meta.key().filter(|_| self.open.is_none());
        let known = key.and_then(|key| Some((key, self.known.get(key)?.clone()?)));
        let Some((key, first)) = known else { return false };
        if !first.appended.placed.iter().any(|placed| contains(placed, event.id)) {
            return false;
        }
        // A write without events is a mere check, whose version is told as it was.
        let placed = first.appended.placed.iter().map(|placed| Placed {
            first: Id(0),
            last: Id(0),
            count: 0,
            version: placed.version,
        });
        let placed = placed.collect();
        let causation = event.meta.causation().unwrap_or_default();
        let action = causation::parts(causation).map_or(causation, |(action, _)| action);
        self.open = Some(Open {
            key: key.to_owned(),
            first,
            placed,
            stream: event.stream.clone(),
            action: action.to_owned(),
            to: None,
        });
        true
    }

    /// The key of the open batch in the source, if there is one.
    pub(super) fn name(&self) -> Option<&str> {
        self.open.as_ref().map(|open| &*open.key)
    }

    /// The key that the open batch has in the target, if there is one.
    pub(super) fn current(&self, moves: &Moves) -> Option<Key> {
        self.open.as_ref().map(|open| open.moved(moves))
    }

    /// Sees where an event goes: before it has its place the stream, then the place as well.
    pub(super) fn going(&mut self, stream: &StreamId) {
        if let Some(open) = &mut self.open {
            open.to.get_or_insert_with(|| stream.clone());
        }
    }

    pub(super) fn placed(&mut self, old: Id, event: &Committed) {
        let Some(open) = &mut self.open else { return };
        let writes = open.first.appended.placed.iter().zip(&mut open.placed);
        for (_, placed) in writes.filter(|(was, _)| contains(was, old)) {
            if placed.count == 0 {
                placed.first = event.id;
            }
            placed.last = event.id;
            placed.version = event.version;
            placed.count += 1;
        }
    }

    /// Sees an event of the source off; the key that ends with it.
    pub(super) fn leave(
        &mut self,
        old: Id,
        moves: &Moves,
        report: &mut Report,
    ) -> Option<(Key, Appended)> {
        let open = self.open.take_if(|open| old >= open.first.appended.id())?;
        report.keys += 1;
        let key = open.moved(moves);
        let is_renamed = open.to.as_ref().is_some_and(|to| *to != open.stream);
        if is_renamed && key.fingerprint == open.first.fingerprint {
            report.keys_of_renamed += 1;
        }
        Some((key, Appended { placed: open.placed, repeated: false }))
    }
}

impl Open {
    /// The key with its new event, and with the new stream where the content is known: a reaction
    /// is known by its action alone, while of a caller's input only the hash was kept.
    fn moved(&self, moves: &Moves) -> Key {
        let key = reference::key(&self.key, moves);
        let print = |stream: &StreamId| {
            Key::new(key.as_str(), [stream.as_str().as_bytes(), self.action.as_bytes(), &[]])
        };
        match &self.to {
            Some(to) if print(&self.stream).fingerprint == self.first.fingerprint => print(to),
            _ => Key { key: key.as_str().into(), fingerprint: self.first.fingerprint },
        }
    }
}

fn contains(placed: &Placed, id: Id) -> bool {
    (placed.first..=placed.last).contains(&id)
}
