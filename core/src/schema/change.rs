//! What has changed between the lock and the program, and whether stored events can bear it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::form::OPTIONAL;

/// One difference between the lock and the program.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The aggregate.
    pub aggregate: String,
    /// The event; empty where the whole aggregate is meant.
    pub event: String,
    /// The version of its schema.
    pub version: u32,
    /// What it is.
    pub what: What,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// The check was not told of an aggregate that the lock has.
    AggregateGone,
    /// The aggregate has lost an event.
    EventGone,
    /// The event type has lost its newest versions.
    VersionGone,
    /// A payload of the lock can no longer be read.
    Unreadable {
        /// The payload.
        golden: String,
        /// Why.
        why: String,
    },
    /// A field or variant is gone.
    Gone {
        /// Its path.
        field: String,
        /// The type it had.
        was: String,
    },
    /// A field is new that stored payloads do not have.
    Required {
        /// Its path.
        field: String,
        /// Its type.
        is: String,
    },
    /// A field that could be missing must be there now.
    NoLongerOptional {
        /// Its path.
        field: String,
    },
    /// A field has another type, which does not read all that was stored.
    Retyped {
        /// Its path.
        field: String,
        /// The type it had.
        was: String,
        /// The type it has.
        is: String,
    },
    /// An event, a version, a field that may be missing, a wider type: what was stored can be read.
    Compatible {
        /// What it is.
        what: String,
    },
}

impl Change {
    /// Whether something that is stored would no longer be read, or be read otherwise.
    pub fn is_breaking(&self) -> bool {
        !matches!(self.what, What::Compatible { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aggregate, event, version, what } = self;
        if event.is_empty() {
            write!(f, "`{aggregate}`: ")?;
        } else {
            write!(f, "`{event}` of `{aggregate}`, version {version}: ")?;
        }
        match what {
            What::AggregateGone => f.write_str("the check was not told of this aggregate"),
            What::EventGone => f.write_str("the event is gone"),
            What::VersionGone => f.write_str("the event type has no such version any more"),
            What::Unreadable { golden, why } => {
                write!(f, "a payload of the lock can no longer be read: {why}\n      {golden}")
            }
            What::Gone { field, was } => write!(f, "{} is gone; it was {was}", named(field)),
            What::Required { field, is } => {
                write!(f, "{} is new and required, a {is}", named(field))
            }
            What::NoLongerOptional { field } => {
                write!(f, "{} could be missing, and is required now", named(field))
            }
            What::Retyped { field, was, is } => {
                write!(f, "{} was {was}, and is {is} now", named(field))
            }
            What::Compatible { what } => f.write_str(what),
        }
    }
}

/// A field or a variant, by its path.
fn named(path: &str) -> String {
    if is_variant(path) { format!("the variant `{path}`") } else { format!("the field `{path}`") }
}

/// Whether a path ends with a variant.
fn is_variant(path: &str) -> bool {
    let ends = |with: &str| path.rfind(with).map_or(0, |at| at + 1);
    ends("::") > ends(".")
}

/// What has changed between the fields of the lock and those of the type.
///
/// Of what lies within something that is new or gone, nothing is told. `aliases` are the paths of
/// what the type still reads under another name.
pub(super) fn between(
    locked: &BTreeMap<String, String>,
    fields: &BTreeMap<String, String>,
    aliases: &BTreeSet<String>,
) -> Vec<What> {
    let mut found = Vec::new();
    // Where an old name is still read, a new field beside it is the same under its new name.
    let mut renamed = BTreeSet::new();
    for (field, was) in locked {
        if let Some(is) = fields.get(field) {
            found.extend(retyped(field, was, is));
        } else if aliases.contains(field) {
            renamed.insert(parent(field));
            let what = format!("the field `{field}` is read under another name, too");
            found.push(What::Compatible { what });
        } else if !is_within(field, |around| {
            !fields.contains_key(around) && locked.contains_key(around)
        }) {
            found.push(What::Gone { field: field.clone(), was: was.clone() });
        }
    }
    for (field, is) in fields.iter().filter(|(field, _)| !locked.contains_key(*field)) {
        if is_within(field, |around| !locked.contains_key(around) && fields.contains_key(around)) {
            continue;
        }
        if is_variant(field) || is.ends_with(OPTIONAL) || renamed.contains(&parent(field)) {
            let what = format!("{} is new, {is}", named(field));
            found.push(What::Compatible { what });
        } else {
            found.push(What::Required { field: field.clone(), is: is.clone() });
        }
    }
    found
}

fn retyped(field: &str, was: &str, is: &str) -> Option<What> {
    if was == is {
        return None;
    }
    let (old, new) = (was.trim_end_matches(OPTIONAL), is.trim_end_matches(OPTIONAL));
    let field = field.to_owned();
    if !widens(old, new) {
        return Some(What::Retyped { field, was: old.to_owned(), is: new.to_owned() });
    }
    if was.ends_with(OPTIONAL) && !is.ends_with(OPTIONAL) {
        return Some(What::NoLongerOptional { field });
    }
    Some(What::Compatible { what: format!("{} was {was}, and is {is} now", named(&field)) })
}

/// The whole numbers, each with those that hold all of its values.
const WIDER: &[(&str, &[&str])] = &[
    ("u8", &["u16", "u32", "u64", "u128", "i16", "i32", "i64", "i128"]),
    ("u16", &["u32", "u64", "u128", "i32", "i64", "i128"]),
    ("u32", &["u64", "u128", "i64", "i128"]),
    ("u64", &["u128", "i128"]),
    ("i8", &["i16", "i32", "i64", "i128"]),
    ("i16", &["i32", "i64", "i128"]),
    ("i32", &["i64", "i128"]),
    ("i64", &["i128"]),
    ("f32", &["f64"]),
    ("char", &["String"]),
];

/// Whether every stored value of the one type is one of the other, and means the same.
fn widens(old: &str, new: &str) -> bool {
    let inside = |text: &'static str| {
        move |name: &str| -> Option<String> {
            Some(name.strip_prefix(text)?.strip_suffix('>')?.to_owned())
        }
    };
    let (option, list) = (inside("Option<"), inside("Vec<"));
    old == new
        || old == "?"
        || WIDER.iter().any(|(narrow, wider)| *narrow == old && wider.contains(&new))
        || match (option(old), option(new)) {
            (Some(old), Some(new)) => widens(&old, &new),
            (None, Some(new)) => widens(old, &new),
            _ => list(old).zip(list(new)).is_some_and(|(old, new)| widens(&old, &new)),
        }
}

/// Whether something around a field meets a condition.
fn is_within(field: &str, condition: impl Fn(&str) -> bool) -> bool {
    let mut around = parent(field);
    while !around.is_empty() {
        if condition(around) {
            return true;
        }
        around = parent(around);
    }
    false
}

/// The path of what a field or variant lies in, without the signs of lists and maps.
fn parent(field: &str) -> &str {
    let cut = field.rfind(['.', ':']).unwrap_or(0);
    let around = field.get(..cut).unwrap_or_default();
    around.trim_end_matches([':', '[', ']', '{', '}'])
}
