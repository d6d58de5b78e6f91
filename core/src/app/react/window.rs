//! The events that were taken from the log and are not behind the checkpoint yet.
//!
//! The checkpoint is the id up to which everything is settled or set aside. An event that is
//! settled while an older one is still at work is held back for a while, and then marked, so that
//! one slow handler makes nobody repeat the others.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use crate::{Id, Json, store::Document};

/// How long a settled event waits for the older ones before it is marked.
const HELD: Duration = Duration::from_millis(50);

/// What the keys of all marks begin with.
pub(super) const MARKS: &str = "d/";

/// The events between the checkpoint and what was read.
pub(super) struct Window {
    open: BTreeMap<Id, Open>,
    /// Up to where the log was read.
    pub(super) seen: Id,
    /// Events behind the checkpoint that were settled by an earlier holder.
    marked: HashSet<Id>,
    /// The highest of them.
    highest: Id,
    /// Whether nothing is to be held back this time.
    all: bool,
}

enum Open {
    Running,
    Settled { changes: Vec<Document>, at: Instant },
    Marked,
}

impl Window {
    pub(super) fn new(checkpoint: Id, marked: HashSet<Id>) -> Self {
        let highest = marked.iter().max().copied().unwrap_or_default();
        Self { open: BTreeMap::new(), seen: checkpoint, marked, highest, all: false }
    }

    /// Up to where events can have been left to the lanes, by this holder or one before.
    pub(super) fn reach(&self) -> Id {
        self.seen.max(self.highest)
    }

    /// Takes an event; tells whether it is still to be handled.
    pub(super) fn open(&mut self, id: Id) -> bool {
        self.seen = id;
        let marked = self.marked.remove(&id);
        self.open.insert(id, if marked { Open::Marked } else { Open::Running });
        !marked
    }

    /// Notes that an event is settled or set aside.
    pub(super) fn settle(&mut self, id: Id, changes: Vec<Document>) {
        self.open.insert(id, Open::Settled { changes, at: Instant::now() });
    }

    /// Demands that everything settled goes with the next checkpoint.
    pub(super) fn mark_all(&mut self) {
        self.all = true;
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Moves up to the checkpoint that can be stored now, and puts into `out` what belongs to it.
    pub(super) fn advance(&mut self, out: &mut Vec<Document>) -> Id {
        while let Some(first) = self.open.first_entry() {
            match first.get() {
                Open::Running => break,
                Open::Marked => out.push(Document { key: mark(*first.key()), data: None }),
                Open::Settled { .. } => {}
            }
            if let Open::Settled { changes, .. } = first.remove() {
                out.extend(changes);
            }
        }
        let all = std::mem::take(&mut self.all);
        let Some((first, _)) = self.open.first_key_value() else { return self.seen };
        let before = Id(first.0 - 1);
        for (id, open) in &mut self.open {
            if let Open::Settled { changes, at } = open
                && (all || at.elapsed() > HELD)
            {
                out.append(changes);
                out.push(Document { key: mark(*id), data: Some(Json::from_stored(&b"true"[..])) });
                *open = Open::Marked;
            }
        }
        before
    }

    /// Whether settled events wait that may be marked later.
    pub(super) fn holds_back(&self) -> bool {
        self.open.values().any(|open| matches!(open, Open::Settled { .. }))
    }

    /// Whether a change of this document is held back.
    pub(super) fn has(&self, key: &str) -> bool {
        self.open.values().any(|open| match open {
            Open::Settled { changes, .. } => changes.iter().any(|change| change.key == key),
            Open::Running | Open::Marked => false,
        })
    }
}

pub(super) fn mark(id: Id) -> String {
    format!("{MARKS}{:020}", id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advance(window: &mut Window) -> (u64, Vec<String>) {
        let mut out = Vec::new();
        let to = window.advance(&mut out);
        (to.0, out.into_iter().map(|document| document.key).collect())
    }

    fn change(key: &str) -> Vec<Document> {
        vec![Document { key: key.to_owned(), data: None }]
    }

    #[test]
    fn the_checkpoint_never_passes_an_event_at_work() {
        let mut window = Window::new(Id(4), HashSet::new());
        assert!(window.open(Id(7)) && window.open(Id(9)) && window.open(Id(12)));
        assert_eq!(advance(&mut window), (6, vec![]));
        window.settle(Id(9), change("nine"));
        assert_eq!(advance(&mut window), (6, vec![]));
        window.settle(Id(7), change("seven"));
        assert_eq!(advance(&mut window), (11, vec!["seven".to_owned(), "nine".to_owned()]));
        window.settle(Id(12), Vec::new());
        window.seen = Id(20);
        assert_eq!(advance(&mut window), (20, vec![]));
    }

    #[test]
    fn an_event_that_was_marked_is_not_handled_again_and_its_mark_goes() {
        let mut window = Window::new(Id(4), HashSet::from([Id(9)]));
        assert!(window.open(Id(7)));
        assert!(!window.open(Id(9)));
        assert_eq!(advance(&mut window), (6, vec![]));
        window.settle(Id(7), Vec::new());
        assert_eq!(advance(&mut window), (9, vec![mark(Id(9))]));
    }

    #[test]
    fn a_lane_reaches_what_an_earlier_holder_left_to_it() {
        let mut window = Window::new(Id(4), HashSet::from([Id(9), Id(7)]));
        assert_eq!(window.reach(), Id(9));
        window.seen = Id(20);
        assert_eq!(window.reach(), Id(20));
    }

    #[test]
    fn what_waits_for_long_is_marked_with_its_changes() {
        let mut window = Window::new(Id(0), HashSet::new());
        assert!(window.open(Id(1)) && window.open(Id(2)));
        let at = Instant::now().checked_sub(HELD * 2).unwrap();
        window.open.insert(Id(2), Open::Settled { changes: change("two"), at });
        assert_eq!(advance(&mut window), (0, vec!["two".to_owned(), mark(Id(2))]));
        assert_eq!(advance(&mut window), (0, vec![]));
    }
}
