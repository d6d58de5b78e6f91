//! The check: one order of all calls that explains every answer and respects time.

use std::collections::BTreeMap;

use super::{
    Entry, History,
    commit::{self, Commit, Seen},
    feed,
};
use crate::{
    Id, StreamId, Version,
    testing::{
        Outcome,
        failure::{ensure, equal},
    },
};

impl History {
    /// Looks for an order that explains all calls and feeds.
    ///
    /// # Errors
    ///
    /// There is none; the failure names the calls that contradict each other.
    pub fn check(&self) -> Outcome {
        numbered(&self.log)?;
        let commits = commit::commits(self)?;
        in_time(&commits)?;
        let mut streams: BTreeMap<&StreamId, Line<'_>> = BTreeMap::new();
        for commit in &commits {
            for (wish, placed) in commit.writes.iter().zip(&commit.placed) {
                let line = streams.entry(&wish.stream).or_default();
                if wish.events.is_empty() {
                    guarded(commit, wish.expected.holds(line.version()))?;
                } else {
                    let before = line.version();
                    ensure(
                        wish.expected.holds(before),
                        format_args!("stored although the stream was at {before}: {commit:?}"),
                    )?;
                    line.0.push((placed.version, commit));
                }
            }
        }
        for seen in commit::seen(self)? {
            streams.entry(seen.stream).or_default().explains(&seen)?;
        }
        never_back(&commit::seen(self)?)?;
        feed::check(self)
    }
}

/// Ids increase, and the versions of each stream are 1, 2, 3 …
fn numbered(log: &[Entry]) -> Outcome {
    let mut last = Id(0);
    let mut versions = BTreeMap::new();
    for entry in log {
        ensure(entry.id > last, format_args!("{entry:?} stands after id {last}"))?;
        last = entry.id;
        let version = versions.entry(&entry.stream).or_insert(Version(0));
        *version = version.next();
        equal(&entry.version, version, format_args!("the version of {entry:?}"))?;
    }
    Ok(())
}

/// What was acknowledged before another request was made has the lower ids.
fn in_time(commits: &[Commit<'_>]) -> Outcome {
    for one in commits {
        for later in commits.iter().filter(|other| one.before(other.from)) {
            ensure(
                one.last() < later.first(),
                format_args!("stored behind what was asked for later: {one:?}, {later:?}"),
            )?;
        }
    }
    Ok(())
}

fn guarded(commit: &Commit<'_>, holds: bool) -> Outcome {
    ensure(holds, format_args!("stored although a mere check of it does not hold: {commit:?}"))
}

/// The commits to one stream in the order of their versions, with the version after each.
#[derive(Default)]
struct Line<'a>(Vec<(Version, &'a Commit<'a>)>);

impl Line<'_> {
    fn version(&self) -> Version {
        self.0.last().map(|(version, _)| *version).unwrap_or_default()
    }

    /// Whether the stream had the version that was seen at some moment of the call.
    fn explains(&self, seen: &Seen<'_>) -> Outcome {
        let Seen { call, version, .. } = seen;
        let whole = *version == Version(0) || self.0.iter().any(|(after, _)| after == version);
        ensure(whole, format_args!("saw a version in the midst of a batch, or none: {call:?}"))?;
        for (after, commit) in &self.0 {
            if after <= version {
                ensure(
                    commit.from < call.until,
                    format_args!("saw what was asked for later: {call:?}, {commit:?}"),
                )?;
            } else {
                ensure(
                    !commit.before(call.from),
                    format_args!("did not see what was acknowledged: {call:?}, {commit:?}"),
                )?;
            }
        }
        Ok(())
    }
}

/// Of two calls one after the other, the later one does not see an earlier version.
fn never_back(seen: &[Seen<'_>]) -> Outcome {
    for one in seen {
        for other in seen.iter().filter(|other| other.stream == one.stream) {
            let back = one.call.until < other.call.from && one.version > other.version;
            ensure(
                !back,
                format_args!("a stream went back in time: {:?}, {:?}", one.call, other.call),
            )?;
        }
    }
    Ok(())
}
