//! The commits of a history: what was stored, by which request, and in which span of time.

use std::collections::{BTreeMap, HashMap};

use super::{Answer, Call, Entry, History, Request, Wish};
use crate::{
    Id, StreamId, Version,
    store::Placed,
    testing::{
        Failure, Outcome,
        failure::{ensure, equal},
    },
};

/// A request that was stored.
#[derive(Debug)]
pub(super) struct Commit<'a> {
    pub(super) writes: &'a [Wish],
    /// Where its events are, write by write, as the log shows them.
    pub(super) placed: Vec<Placed>,
    /// It was stored at this moment at the earliest …
    pub(super) from: u64,
    /// … and at this one at the latest, where anyone heard of it.
    pub(super) until: Option<u64>,
}

impl Commit<'_> {
    pub(super) fn first(&self) -> Id {
        let ids = self.placed.iter().map(|placed| placed.first);
        ids.filter(|id| *id > Id(0)).min().unwrap_or_default()
    }

    pub(super) fn last(&self) -> Id {
        self.placed.iter().map(|placed| placed.last).max().unwrap_or_default()
    }

    /// Whether it had been stored for certain before a moment.
    pub(super) fn before(&self, moment: u64) -> bool {
        self.until.is_some_and(|until| until < moment)
    }
}

/// All calls that stand for one request: those with its key, or the one call without a key.
type Calls<'a> = Vec<&'a Call>;

/// The commits in the order of their ids; fails if the log and the answers do not fit together.
pub(super) fn commits(history: &History) -> Outcome<Vec<Commit<'_>>> {
    let mut requests: BTreeMap<(Option<&str>, usize), Calls<'_>> = BTreeMap::new();
    for (at, call) in history.calls.iter().enumerate() {
        if let Request::Append { key, .. } = &call.request {
            let one = if key.is_some() { 0 } else { at };
            requests.entry((key.as_deref(), one)).or_default().push(call);
        }
    }
    let mut shown = HashMap::new();
    for entry in &history.log {
        let twice = shown.insert(entry.event, entry);
        ensure(twice.is_none(), format_args!("an event is stored twice: {twice:?} and {entry:?}"))?;
    }
    let mut commits = Vec::new();
    for calls in requests.into_values() {
        commits.extend(commit(&calls, &mut shown)?);
    }
    ensure(shown.is_empty(), format_args!("the log shows what nobody has appended: {shown:?}"))?;
    commits.sort_by_key(Commit::first);
    Ok(commits)
}

fn commit<'a>(calls: &[&'a Call], shown: &mut HashMap<u64, &Entry>) -> Outcome<Option<Commit<'a>>> {
    let Some(Call { request: Request::Append { writes, .. }, .. }) = calls.first() else {
        return Ok(None);
    };
    let told: Vec<_> = calls.iter().filter_map(|call| stored(call)).collect();
    let found = writes.iter().flat_map(|wish| &wish.events).filter(|at| shown.contains_key(at));
    let (found, all) = (found.count(), writes.iter().map(|wish| wish.events.len()).sum::<usize>());
    if told.is_empty() {
        let refused = calls.iter().all(|call| call.answer != Answer::Unknown);
        ensure(found == 0 || !refused, format_args!("refused, but in the log: {calls:?}"))?;
        if found == 0 {
            return Ok(None);
        }
    }
    equal(&found, &all, format_args!("events in the log of {calls:?}"))?;
    let placed = writes.iter().map(|wish| place(wish, shown)).collect::<Outcome<Vec<_>>>()?;
    let storing: Vec<_> = told.iter().filter(|(_, _, repeated)| !repeated).collect();
    ensure(storing.len() < 2, format_args!("one key was stored twice: {calls:?}"))?;
    for (call, told, _) in &told {
        agree(call, told, &placed)?;
    }
    let until = told.iter().map(|(call, ..)| call.until).min();
    let unheard = calls.iter().filter(|call| call.answer == Answer::Unknown);
    let from = match storing.first() {
        Some((call, ..)) => Some(call.from),
        None => unheard.map(|call| call.from).min(),
    };
    let Some(from) = from else {
        return Err(Failure::new(format_args!("nobody has stored what is repeated: {calls:?}")));
    };
    for call in calls {
        let late = matches!(call.answer, Answer::Refused { .. })
            && until.is_some_and(|until| until < call.from);
        ensure(!late, format_args!("a request whose key was known is refused: {call:?}"))?;
    }
    Ok(Some(Commit { writes, placed, from, until }))
}

fn stored(call: &Call) -> Option<(&Call, &[Placed], bool)> {
    match &call.answer {
        Answer::Stored { placed, repeated } => Some((call, placed, *repeated)),
        _ => None,
    }
}

/// Where the log shows the events of a write; they must stand together and in order.
fn place(wish: &Wish, shown: &mut HashMap<u64, &Entry>) -> Outcome<Placed> {
    let mut placed = Placed::default();
    for number in &wish.events {
        let Some(entry) = shown.remove(number) else {
            return Err(Failure::new(format_args!("event {number} is missing: {wish:?}")));
        };
        equal(&entry.stream, &wish.stream, format_args!("the stream of {entry:?}"))?;
        if placed.first == Id(0) {
            placed.first = entry.id;
        } else {
            let next = placed.version.next();
            equal(&entry.version, &next, format_args!("a version within {wish:?}"))?;
            ensure(entry.id > placed.last, format_args!("an id within {wish:?} is not larger"))?;
        }
        (placed.last, placed.version) = (entry.id, entry.version);
        placed.count += 1;
    }
    Ok(placed)
}

/// The answer tells the places that the log shows.
fn agree(call: &Call, told: &[Placed], placed: &[Placed]) -> Outcome {
    equal(&told.len(), &placed.len(), format_args!("places in {call:?}"))?;
    for (told, placed) in told.iter().zip(placed) {
        if placed.first == Id(0) {
            let none = (told.first, told.last, told.count) == (Id(0), Id(0), 0);
            ensure(none, format_args!("a write without events has ids: {call:?}"))?;
        } else {
            equal(told, placed, format_args!("a place that the log does not show: {call:?}"))?;
        }
    }
    Ok(())
}

/// What a call says about the version of a stream at some moment during the call.
pub(super) struct Seen<'a> {
    pub(super) call: &'a Call,
    pub(super) stream: &'a StreamId,
    pub(super) version: Version,
}

/// All that refusals, reads and mere checks say; fails if a refusal has no reason.
pub(super) fn seen(history: &History) -> Outcome<Vec<Seen<'_>>> {
    let mut all = Vec::new();
    for call in &history.calls {
        match (&call.request, &call.answer) {
            (Request::Version(stream), Answer::Version(version)) => {
                all.push(Seen { call, stream, version: *version });
            }
            (Request::Append { writes, .. }, Answer::Refused { stream, actual }) => {
                let wish = writes.iter().find(|wish| wish.stream == *stream);
                let reason = wish.is_some_and(|wish| !wish.expected.holds(*actual));
                ensure(reason, format_args!("refused without a reason: {call:?}"))?;
                all.push(Seen { call, stream, version: *actual });
            }
            (Request::Append { writes, .. }, Answer::Stored { placed, repeated: false }) => {
                for (wish, placed) in writes.iter().zip(placed) {
                    if wish.events.is_empty() {
                        all.push(Seen { call, stream: &wish.stream, version: placed.version });
                    }
                }
            }
            _ => {}
        }
    }
    Ok(all)
}
