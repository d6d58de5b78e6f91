//! The lock file: what is stored, by aggregate, event and version.

use std::{collections::BTreeMap, ffi::OsString, fmt, fs, io, marker::PhantomData, path::Path};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::Broken;

/// The form of the file itself.
const FORM: u32 = 1;

/// What stands at the head of the file, for whoever opens it.
const ABOUT: &str =
    "written by actum::schema::check; commit it; ACTUM_LOCK=update accepts what has changed";

/// The events of each aggregate, and the versions of each.
pub(super) type Aggregates = Unique<String, Unique<String, Unique<u32, Locked>>>;

/// What is stored, as far as this program and those before it know.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    about: String,
    #[serde(rename = "lock")]
    form: u32,
    pub(super) aggregates: Aggregates,
}

/// One version of an event's schema.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Locked {
    /// The fields by their paths, with their types.
    pub(super) fields: Unique<String, String>,
    /// Payloads of this version, as they are stored.
    pub(super) golden: Vec<Box<RawValue>>,
}

/// A map in which no key may stand twice, as a careless merge leaves it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Unique<K: Ord, V>(pub(super) BTreeMap<K, V>);

impl Lock {
    pub(super) fn new(aggregates: Aggregates) -> Self {
        Self { about: ABOUT.to_owned(), form: FORM, aggregates }
    }

    /// What the file has; `None` where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Broken> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Broken::file(path, error)),
        };
        match serde_json::from_str::<Self>(&text) {
            Ok(lock) => match lock.fault() {
                None => Ok(Some(lock)),
                Some(why) => Err(Broken::Unreadable { path: path.to_owned(), why }),
            },
            Err(error) => Err(Broken::Unreadable { path: path.to_owned(), why: error.to_string() }),
        }
    }

    /// What no lock has that this module wrote.
    fn fault(&self) -> Option<String> {
        if self.form != FORM {
            return Some(format!("it has the form {}; this actum reads {FORM}", self.form));
        }
        let events = self.aggregates.0.iter().flat_map(|(aggregate, events)| {
            events.0.iter().map(move |(event, versions)| (aggregate, event, &versions.0))
        });
        for (aggregate, event, versions) in events {
            if let Some(missing) = (1..).zip(versions.keys()).find(|(count, at)| count != *at) {
                let missing = missing.0;
                return Some(format!("`{event}` of `{aggregate}` has no version {missing}"));
            }
            if let Some((at, _)) = versions.iter().find(|(_, locked)| locked.golden.is_empty()) {
                return Some(format!("`{event}` of `{aggregate}` has no payload of version {at}"));
            }
        }
        None
    }

    /// Writes the file anew: whole or not at all.
    pub(super) fn write(&self, path: &Path) -> Result<(), Broken> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| Broken::file(path, io::Error::other(error)))?;
        text.push('\n');
        let mut part = OsString::from(path);
        part.push(format!(".{}.part", std::process::id()));
        fs::write(&part, text)
            .and_then(|()| fs::rename(&part, path))
            .map_err(|error| Broken::file(path, error))
    }
}

impl<K: Ord, V> Default for Unique<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, K, V> Deserialize<'de> for Unique<K, V>
where
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once(PhantomData))
    }
}

struct Once<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for Once<K, V>
where
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    type Value = Unique<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = entries.next_key::<K>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("`{key}` stands here twice")));
            }
            map.insert(key, entries.next_value()?);
        }
        Ok(Unique(map))
    }
}
