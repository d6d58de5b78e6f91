//! Decides which events take back, or bring back, the last steps of a stream.
//!
//! Each step is undone at most once: what brings it back is a step of its own, and is what a
//! further undo takes back. So a step is in effect while no later one points at it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use crate::{
    ActError, Aggregate, Inverse, Result, StreamId, UndoError, Version,
    app::{
        act::{Decide, Decided, Note},
        aggregate::Registered,
        cell::Held,
        feed::Feed,
        load::{self, AsOf},
        undo::{
            Asked, Way,
            step::{Kind, Step, Steps},
        },
    },
    store::{Query, Store},
};

/// An undo or a redo, decided on the stream up to the version of a state.
pub(super) struct Decision<'a, A: Aggregate> {
    pub(super) registered: &'a Registered<A>,
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) stream: StreamId,
    pub(super) asked: Asked,
}

impl<A: Aggregate> Decide<A, UndoError> for Decision<'_, A> {
    async fn decide(&mut self, held: &Held<A>) -> Result<Decided<A::Events>, ActError<UndoError>> {
        let stream = || self.stream.clone();
        if held.version == Version(0) {
            return Err(ActError::Rejected(UndoError::NoEvents { stream: stream() }));
        }
        let (found, decided) = match self.asked.way {
            Way::Undo => self.undo(held.version).await?,
            Way::Redo => self.redo(held.version).await?,
        };
        let steps = self.asked.steps;
        if found >= steps {
            return Ok(decided);
        }
        Err(ActError::Rejected(match self.asked.way {
            Way::Undo => UndoError::NothingToUndo { stream: stream(), steps, found },
            Way::Redo => UndoError::NothingToRedo { stream: stream(), steps, found },
        }))
    }
}

/// How many steps there are, at most as many as were asked for, and their events.
type Found<Es> = (u64, Decided<Es>);

impl<A: Aggregate> Decision<'_, A> {
    async fn undo(&self, version: Version) -> Result<Found<A::Events>, ActError<UndoError>> {
        let mut steps = Steps::new(&**self.store, &self.stream, version);
        let mut undone = HashSet::new();
        let (mut found, mut decided) = (0, Decided { events: Vec::new(), notes: Vec::new() });
        while found < self.asked.steps {
            let mut picked = Vec::new();
            while found + (picked.len() as u64) < self.asked.steps {
                let Some(step) = steps.next().await? else { break };
                if is_in_effect(&step, &mut undone) && step.kind() != Kind::Undo {
                    self.check(&step)?;
                    picked.push(step);
                }
            }
            if picked.is_empty() {
                break;
            }
            let mut taken_back = self.taken_back(&picked).await?;
            for step in picked {
                let before = decided.events.len();
                for event in step.events.into_iter().rev() {
                    let events = match taken_back.remove(&event.version) {
                        None => continue,
                        Some(Ok(events)) => events,
                        Some(Err(reason)) => {
                            return Err(ActError::Rejected(UndoError::Refused {
                                stream: event.stream,
                                event: event.name.to_string(),
                                version: event.version,
                                reason,
                            }));
                        }
                    };
                    let note = Note { together: 0, undoes: Some(event.version), redoes: None };
                    decided.notes.extend(events.iter().map(|_| note));
                    decided.events.extend(events);
                }
                // A step that has left nothing to take back is none.
                found += u64::from(close(&mut decided.notes, before));
            }
        }
        Ok((found, decided))
    }

    /// Checks that every event of a step can be undone.
    fn check(&self, step: &Step) -> Result<(), ActError<UndoError>> {
        let is_undoable = |name: &str| Inverse::<A>::of_name(name).is_some();
        match step.events.iter().rev().find(|event| !is_undoable(&event.name)) {
            None => Ok(()),
            Some(event) => Err(ActError::Rejected(UndoError::NotUndoable {
                stream: self.stream.clone(),
                aggregate: A::NAME,
                event: event.name.to_string(),
                version: event.version,
            })),
        }
    }

    /// What takes each event of the steps back, or why nothing does; the newest step comes first.
    ///
    /// The stream is folded once, from the state before the oldest of them.
    async fn taken_back(
        &self,
        steps: &[Step],
    ) -> Result<BTreeMap<Version, Result<Vec<A::Events>, String>>> {
        let mut wanted = BTreeSet::new();
        wanted.extend(steps.iter().flat_map(|step| &step.events).map(|event| event.version));
        let mut all = BTreeMap::new();
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(all) };
        let before = AsOf::Version(Version(first.0.saturating_sub(1)));
        let mut held = load::load(self.registered, &self.stream, Some(before)).await?;
        let query = Query::stream(self.stream.clone()).from_version(*first).to_version(*last);
        let mut events = Feed::new(self.store.read(query.without_meta()));
        while let Some(event) = events.next().await.transpose()? {
            if let Some(inverse) = Inverse::<A>::of_name(&event.name)
                && wanted.contains(&event.version)
            {
                let undo = (inverse.undo)(&held.state, event.schema, event.data.as_bytes());
                all.insert(event.version, undo.map_err(|source| event.unreadable(source))?);
            }
            held.extend(std::slice::from_ref(&event))?;
        }
        Ok(all)
    }

    async fn redo(&self, version: Version) -> Result<Found<A::Events>> {
        let mut steps = Steps::new(&**self.store, &self.stream, version);
        let mut undone = HashSet::new();
        let (mut found, mut decided) = (0, Decided { events: Vec::new(), notes: Vec::new() });
        while found < self.asked.steps {
            let Some(step) = steps.next().await? else { break };
            let is_in_effect = is_in_effect(&step, &mut undone);
            match step.kind() {
                // A new action ends what could be redone.
                Kind::Act => break,
                Kind::Undo if is_in_effect => {
                    let before = decided.events.len();
                    self.bring_back(&step, &mut decided).await?;
                    found += u64::from(close(&mut decided.notes, before));
                }
                Kind::Undo | Kind::Redo => {}
            }
        }
        Ok((found, decided))
    }

    /// Adds the events that an undo has taken back, as they were; one that it could leave as it was
    /// is still in effect.
    async fn bring_back(&self, undo: &Step, decided: &mut Decided<A::Events>) -> Result<()> {
        // The last event that takes it back, for each.
        let mut by = BTreeMap::new();
        for event in &undo.events {
            by.extend(event.meta.undoes().map(|undoes| (undoes, event.version)));
        }
        let (Some((first, _)), Some((last, _))) = (by.first_key_value(), by.last_key_value())
        else {
            return Ok(());
        };
        let query = Query::stream(self.stream.clone()).from_version(*first).to_version(*last);
        let mut events = Feed::new(self.store.read(query));
        while let Some(event) = events.next().await.transpose()? {
            if let Some(undone) = by.get(&event.version) {
                let redoes = event.meta.redoes().unwrap_or(event.version);
                decided.events.push(event.decode_any()?);
                decided.notes.push(Note {
                    together: 0,
                    undoes: Some(*undone),
                    redoes: Some(redoes),
                });
            }
        }
        Ok(())
    }
}

/// Whether no later step takes this one back; notes what this one takes back.
fn is_in_effect(step: &Step, undone: &mut HashSet<Version>) -> bool {
    let is_undone = step.events.iter().any(|event| undone.contains(&event.version));
    undone.extend(step.events.iter().filter_map(|event| event.meta.undoes()));
    !is_undone
}

/// Makes the notes from a place on one step; tells whether there are any.
fn close(notes: &mut [Note], from: usize) -> bool {
    let step = notes.get_mut(from..).unwrap_or_default();
    let together = step.len() as u64;
    for note in step.iter_mut() {
        note.together = together;
    }
    together > 0
}
