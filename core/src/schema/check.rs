//! Compares the events of a program with the lock, and writes it anew where that is asked for.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap, HashSet},
    env,
    path::{Path, PathBuf},
};

use serde_json::value::RawValue;

use super::{
    Broken, Change, What,
    broken::{self, Old},
    change,
    known::{Events, Known, Version, type_name},
    lock::{Aggregates, Lock, Locked, Unique},
};
use crate::{Aggregate, Event, error::Chain};

/// The variable that accepts what has changed.
const VARIABLE: &str = "ACTUM_LOCK";

/// Begins a check of the events of a program against a lock file, which is committed with it.
///
/// The path counts from the package's folder, where `cargo test` runs a test.
#[must_use = "nothing is checked before `assert`, `verify` or `update`"]
pub fn check(path: impl AsRef<Path>) -> Check {
    Check { path: path.as_ref().to_owned(), aggregates: BTreeMap::new(), golden: HashMap::new() }
}

/// A check that is being put together; made by [`check`].
#[must_use = "nothing is checked before `assert`, `verify` or `update`"]
pub struct Check {
    path: PathBuf,
    aggregates: BTreeMap<&'static str, Vec<Known>>,
    golden: HashMap<TypeId, Given>,
}

/// Payloads that the user gave of one type, encoded if they can be.
struct Given {
    type_name: &'static str,
    payloads: Vec<Result<String, String>>,
}

impl Check {
    /// Adds an aggregate: all its events, in all their versions.
    pub fn with<A: Aggregate>(mut self) -> Self {
        let mut events = Events::default();
        <A::Events as crate::Events>::payloads(&mut events);
        self.aggregates.insert(A::NAME, events.0);
        self
    }

    /// Gives a payload of an event type, the newest or an older one, for the lock to keep.
    ///
    /// Most payloads are made up. One is needed where a type takes none of what is tried, as a text
    /// with a check digit, and where its form shows in a value only: `#[serde(flatten)]`,
    /// `#[serde(untagged)]`, `#[serde(tag = "…")]`.
    #[expect(clippy::needless_pass_by_value, reason = "a payload is written where it is given")]
    pub fn golden<E: Event>(mut self, event: E) -> Self {
        let json = serde_json::to_string(&event).map_err(|error| error.to_string());
        let given = self.golden.entry(TypeId::of::<E>());
        let given =
            given.or_insert_with(|| Given { type_name: type_name::<E>(), payloads: Vec::new() });
        given.payloads.push(json);
        self
    }

    /// Fails the test where the lock says that stored events would not be read, or is out of date.
    ///
    /// With `ACTUM_LOCK=update` in the environment the file is written instead.
    ///
    /// # Panics
    ///
    /// That is how a test fails; the text says what to do.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test fails by a panic")]
    pub fn assert(self) {
        let outcome = match env::var(VARIABLE).as_deref() {
            Err(env::VarError::NotPresent) | Ok("") => self.verify(),
            Ok("update") => self.update().map(|accepted| {
                for change in accepted {
                    eprintln!("accepted: {change}");
                }
            }),
            Ok(other) => panic!("{VARIABLE} is `{other}`; the only value it has is `update`"),
            Err(error) => panic!("{VARIABLE}: {error}"),
        };
        if let Err(broken) = outcome {
            panic!("{}", Chain(&broken));
        }
    }

    /// What [`assert`](Self::assert) does without the variable, as a value.
    ///
    /// # Errors
    ///
    /// [`Broken::Changed`] for whatever differs; the others when there is nothing to compare.
    pub fn verify(self) -> Result<(), Broken> {
        let Some(lock) = Lock::read(&self.path)? else {
            return Err(Broken::Missing { path: self.path });
        };
        let (_, changes) = self.compare(&lock.aggregates)?;
        if changes.is_empty() {
            return Ok(());
        }
        let help = broken::help(&self.path, &changes, &self.old(&lock.aggregates, &changes));
        Err(Broken::Changed { changes, help })
    }

    /// Writes the lock anew and tells what was accepted, as [`assert`](Self::assert) does with
    /// `ACTUM_LOCK=update`; a lock that is up to date stays as it is.
    ///
    /// What can still be read of its payloads stays in it, beside those of a new form.
    ///
    /// # Errors
    ///
    /// Those of a file that cannot be read or written, and of payloads that cannot be made up.
    pub fn update(self) -> Result<Vec<Change>, Broken> {
        let found = Lock::read(&self.path)?;
        let is_there = found.is_some();
        let locked = found.map(|lock| lock.aggregates).unwrap_or_default();
        let (aggregates, changes) = self.compare(&locked)?;
        if !is_there || !changes.is_empty() {
            Lock::new(aggregates).write(&self.path)?;
        }
        Ok(changes)
    }

    /// The lock as it should be, and how the present one differs from it.
    fn compare(&self, locked: &Aggregates) -> Result<(Aggregates, Vec<Change>), Broken> {
        self.all_are_versions()?;
        let mut changes = Vec::new();
        let mut aggregates = Aggregates::default();
        for (aggregate, known) in &self.aggregates {
            let mut events = Unique::default();
            let locked = locked.0.get(*aggregate);
            for event in known {
                let locked = locked.and_then(|events| events.0.get(event.name));
                let versions = self.event(aggregate, event, locked, &mut changes)?;
                events.0.insert(event.name.to_owned(), versions);
            }
            let gone = locked.iter().flat_map(|events| &events.0);
            for (event, versions) in gone.filter(|(event, _)| !events.0.contains_key(*event)) {
                let version = versions.0.keys().next_back().copied().unwrap_or(1);
                changes.push(changed(aggregate, event, version, What::EventGone));
            }
            aggregates.0.insert((*aggregate).to_owned(), events);
        }
        for aggregate in locked.0.keys().filter(|name| !aggregates.0.contains_key(*name)) {
            changes.push(changed(aggregate, "", 0, What::AggregateGone));
        }
        Ok((aggregates, changes))
    }

    /// The versions of an event.
    fn event(
        &self,
        aggregate: &str,
        event: &Known,
        locked: Option<&Unique<u32, Locked>>,
        changes: &mut Vec<Change>,
    ) -> Result<Unique<u32, Locked>, Broken> {
        let mut versions = Unique::default();
        for version in &event.versions {
            let locked = locked.and_then(|versions| versions.0.get(&version.number));
            let mut note =
                |what| changes.push(changed(aggregate, event.name, version.number, what));
            let readable = readable(event, version, locked, &mut note);
            let now = self.version(event, version, locked, &readable, &mut note)?;
            versions.0.insert(version.number, now);
        }
        let gone = locked.into_iter().flat_map(|versions| versions.0.keys());
        for version in gone.filter(|version| !versions.0.contains_key(version)) {
            changes.push(changed(aggregate, event.name, *version, What::VersionGone));
        }
        Ok(versions)
    }

    /// One version: its fields, the payloads of the lock that can be read, and new ones.
    fn version(
        &self,
        event: &Known,
        version: &Version,
        locked: Option<&Locked>,
        readable: &[Box<RawValue>],
        note: &mut impl FnMut(What),
    ) -> Result<Locked, Broken> {
        let no_golden = |why: String| Broken::NoGolden {
            event: event.name.to_owned(),
            version: version.number,
            type_name: version.type_name,
            why,
        };
        let is_given = self.golden.contains_key(&version.type_id);
        let fresh = match self.golden.get(&version.type_id) {
            Some(given) => event.given(version, &given.payloads).map_err(no_golden)?,
            None => match event.made_up(version) {
                Ok(values) => values,
                Err(_) if !readable.is_empty() => Vec::new(),
                Err(why) => return Err(no_golden(why)),
            },
        };
        let mut all: Vec<&str> = readable.iter().map(|json| json.get()).collect();
        all.extend(fresh.iter().map(String::as_str));
        let (form, fields) = version.form(&all).map_err(no_golden)?;
        let unseen = || {
            let kept: HashSet<_> = readable.iter().map(|json| json.get()).collect();
            fresh.iter().filter(|json| !kept.contains(json.as_str())).cloned().collect::<Vec<_>>()
        };
        let mut golden = readable.to_vec();
        match locked {
            None => note(What::Compatible { what: "is not in the lock yet".to_owned() }),
            Some(locked) if locked.fields.0 != fields => {
                let found = change::between(&locked.fields.0, &fields, &form.aliases());
                found.into_iter().for_each(note);
            }
            Some(_) if is_given && !unseen().is_empty() => {
                note(What::Compatible {
                    what: "a payload is given that is not in the lock".to_owned(),
                });
            }
            // What is made up may change with actum; that is no reason to change the lock.
            Some(_) => return Ok(Locked { fields: Unique(fields), golden }),
        }
        for json in unseen() {
            golden.push(RawValue::from_string(json).map_err(|error| no_golden(error.to_string()))?);
        }
        Ok(Locked { fields: Unique(fields), golden })
    }

    /// Refuses a payload that would not be looked at.
    fn all_are_versions(&self) -> Result<(), Broken> {
        let events = self.aggregates.values().flatten();
        let known: HashSet<_> =
            events.flat_map(|event| event.versions.iter().map(|version| version.type_id)).collect();
        let mut foreign = self.golden.iter().filter(|(type_id, _)| !known.contains(*type_id));
        match foreign.next() {
            Some((_, given)) => Err(Broken::Foreign { type_name: given.type_name }),
            None => Ok(()),
        }
    }

    /// The old forms that the program would lose.
    fn old<'a>(&'a self, locked: &'a Aggregates, changes: &'a [Change]) -> Vec<Old<'a>> {
        let mut seen = HashSet::new();
        let breaking = changes.iter().filter(|change| change.is_breaking());
        let old = breaking.filter_map(|change| {
            let Change { aggregate, event, version, .. } = change;
            let locked = locked.0.get(aggregate)?.0.get(event)?.0.get(version)?;
            let known = self.aggregates.get(aggregate.as_str());
            let known = known.and_then(|events| events.iter().find(|one| one.name == event));
            let is_new = seen.insert((aggregate, event, version));
            is_new.then_some(Old { event, version: *version, locked, known })
        });
        old.collect()
    }
}

/// The payloads of the lock that can still be read, on the way on which every reader decodes.
fn readable(
    event: &Known,
    version: &Version,
    locked: Option<&Locked>,
    note: &mut impl FnMut(What),
) -> Vec<Box<RawValue>> {
    let mut readable = Vec::new();
    for json in locked.into_iter().flat_map(|locked| &locked.golden) {
        match event.read(version.number, json.get()) {
            Ok(()) => readable.push(json.clone()),
            Err(why) => note(What::Unreadable { golden: json.get().to_owned(), why }),
        }
    }
    readable
}

fn changed(aggregate: &str, event: &str, version: u32, what: What) -> Change {
    Change { aggregate: aggregate.to_owned(), event: event.to_owned(), version, what }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("path", &self.path).finish_non_exhaustive()
    }
}
