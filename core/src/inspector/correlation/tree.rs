//! Puts each event under the one it follows from.

use std::collections::BTreeMap;

use crate::{Committed, event::causation};

/// An event, how deep it stands, and what it follows from, if that is known.
pub(super) struct Branch<'a> {
    pub(super) event: &'a Committed,
    pub(super) depth: usize,
    pub(super) cause: Option<&'a Committed>,
}

/// The events, causes before what follows from them, otherwise in their order.
///
/// A cause lies before its effect in the log, so that no circle is possible; whatever names
/// another one counts as a beginning.
pub(super) fn grow(events: &[Committed]) -> Vec<Branch<'_>> {
    let mut following: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let cause = event.meta.causation().and_then(causation::parts);
        let cause = cause.and_then(|(_, id)| super::by_id(events, id)).filter(|cause| *cause < at);
        following.entry(cause).or_default().push(at);
    }
    let mut branches = Vec::with_capacity(events.len());
    let begin = following.get(&None).into_iter().flatten().rev();
    let mut open: Vec<(usize, usize, Option<usize>)> = begin.map(|at| (*at, 0, None)).collect();
    while let Some((at, depth, cause)) = open.pop() {
        if let Some(event) = events.get(at) {
            let cause = cause.and_then(|cause| events.get(cause));
            branches.push(Branch { event, depth, cause });
        }
        let next = following.get(&Some(at)).into_iter().flatten().rev();
        open.extend(next.map(|next| (*next, depth + 1, Some(at))));
    }
    branches
}
