//! Where each event of the source went: runs of ids, so that a log copied as it is takes one.

use crate::Id;

/// From ids of the source to ids of the target.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// Whether ids are kept: then what names an event names it still, or none for ever.
    keep: bool,
    /// By increasing id.
    runs: Vec<Run>,
}

/// `len` events from `old` on, each of which became `each` events from `new` on.
#[derive(Clone, Copy, Debug)]
struct Run {
    old: u64,
    new: u64,
    len: u64,
    each: u64,
}

impl Moves {
    pub(crate) fn new(keep: bool) -> Self {
        Self { keep, runs: Vec::new() }
    }

    /// The id by which an event is to be named; `None` when it is not there.
    pub(crate) fn name(&self, old: Id) -> Option<Id> {
        if self.keep { Some(old) } else { self.first(old) }
    }

    /// Notes that an event went to an id; several times for one that was split.
    pub(crate) fn push(&mut self, old: Id, new: Id) {
        if let Some(last) = self.runs.last_mut() {
            let next = last.new + last.len * last.each;
            if old.0 == last.old + last.len && new.0 == next && last.each == 1 {
                last.len += 1;
                return;
            }
            if old.0 == last.old + last.len - 1 {
                if last.len == 1 {
                    last.each += 1;
                    return;
                }
                // The last event of a run turns out to be split.
                last.len -= 1;
                let new = last.new + last.len;
                self.runs.push(Run { old: old.0, new, len: 1, each: 2 });
                return;
            }
        }
        self.runs.push(Run { old: old.0, new: new.0, len: 1, each: 1 });
    }

    /// The first event that became of one; `None` when it was dropped, or is not copied yet.
    pub(crate) fn first(&self, old: Id) -> Option<Id> {
        let run = self.before(old)?;
        (old.0 < run.old + run.len).then(|| Id(run.new + (old.0 - run.old) * run.each))
    }

    /// All events that became of one.
    pub(crate) fn all(&self, old: Id) -> impl Iterator<Item = Id> + use<> {
        let each = self.before(old).map_or(0, |run| run.each);
        let first = self.first(old).map_or(0..0, |first| first.0..first.0 + each);
        first.map(Id)
    }

    /// The last event that became of one, or of those before it; 0 when there is none.
    pub(crate) fn up_to(&self, old: Id) -> Id {
        self.before(old).map_or(Id(0), |run| {
            let count = (old.0 - run.old + 1).min(run.len);
            Id(run.new + count * run.each - 1)
        })
    }

    fn before(&self, old: Id) -> Option<&Run> {
        let after = self.runs.partition_point(|run| run.old <= old.0);
        self.runs.get(after.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(pairs: &[(u64, u64)]) -> Moves {
        let mut moves = Moves::default();
        for (old, new) in pairs {
            moves.push(Id(*old), Id(*new));
        }
        moves
    }

    #[test]
    fn a_log_copied_as_it_is_takes_one_run() {
        let moves = moves(&[(1, 11), (2, 12), (3, 13)]);
        assert_eq!(moves.runs.len(), 1);
        assert_eq!((moves.first(Id(2)), moves.up_to(Id(9))), (Some(Id(12)), Id(13)));
        assert_eq!((moves.first(Id(4)), moves.up_to(Id(0))), (None, Id(0)));
    }

    #[test]
    fn what_is_dropped_has_no_new_id_and_ends_where_the_one_before_does() {
        let moves = moves(&[(1, 1), (2, 2), (5, 3)]);
        assert_eq!((moves.first(Id(3)), moves.up_to(Id(4))), (None, Id(2)));
        assert_eq!((moves.first(Id(5)), moves.up_to(Id(5))), (Some(Id(3)), Id(3)));
    }

    #[test]
    fn what_is_split_begins_at_its_first_and_ends_at_its_last() {
        let moves = moves(&[(1, 1), (2, 2), (3, 3), (3, 4), (3, 5), (4, 6)]);
        assert_eq!((moves.first(Id(3)), moves.up_to(Id(3))), (Some(Id(3)), Id(5)));
        assert_eq!(moves.all(Id(3)).collect::<Vec<_>>(), [Id(3), Id(4), Id(5)]);
        assert_eq!((moves.first(Id(2)), moves.first(Id(4))), (Some(Id(2)), Some(Id(6))));
    }
}
