//! What names another event: the causation and the keys of reactions by its id, an undo by its
//! version.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use crate::{
    Id, Json, Meta,
    event::causation,
    reaction::KEYS,
    transfer::{Moves, Report},
};

/// The fields of the meta data that name an event of the same stream by its version.
const VERSIONS: [&str; 2] = ["undoes", "redoes"];

/// Meta data whose values stay as they are, byte for byte.
type Fields = BTreeMap<String, Box<RawValue>>;

/// The ids that some meta data names.
pub(super) fn named(meta: &Meta) -> Vec<Id> {
    let fields = meta.fields();
    let cause = fields.causation.as_deref().and_then(causation::parts).map(|(_, id)| id);
    let keyed = fields.key.as_deref().and_then(parts).map(|(id, _)| id);
    cause.into_iter().chain(keyed).collect()
}

/// The same meta data with the new ids; one that names no event stays as it is, byte for byte.
pub(super) fn moved(
    meta: &Meta,
    moves: &Moves,
    report: &mut Report,
) -> Result<Meta, serde_json::Error> {
    let named = named(meta);
    if named.is_empty() {
        return Ok(meta.clone());
    }
    for id in &named {
        match moves.name(*id) {
            Some(new) if new != *id => report.references += 1,
            Some(_) => {}
            None => report.lost_references += 1,
        }
    }
    if named.iter().all(|id| moves.name(*id) == Some(*id)) {
        return Ok(meta.clone());
    }
    let mut fields: Fields = meta.json().decode()?;
    let known = meta.fields();
    if let Some((action, id)) = known.causation.as_deref().and_then(causation::parts) {
        let text = match moves.name(id) {
            Some(new) => causation::of(action, new),
            None => format!("{action}#{}", lost(id)),
        };
        fields.insert("causation".to_owned(), to_raw_value(&text)?);
    }
    if let Some(text) = known.key.as_deref() {
        let text = key(text, moves);
        fields.insert("key".to_owned(), to_raw_value(&text)?);
    }
    Json::from_value(&fields).map(Meta::from_stored)
}

/// A key with the new id, where a reaction made it.
///
/// One that names an event which is not there must not become that of another event.
pub(crate) fn key(key: &str, moves: &Moves) -> String {
    match parts(key) {
        None => key.to_owned(),
        Some((id, rest)) => match moves.name(id) {
            Some(new) => format!("{KEYS}{new}/{rest}"),
            None => format!("{KEYS}{}/{rest}", lost(id)),
        },
    }
}

/// The event and the rest of a key that a reaction made.
pub(super) fn parts(key: &str) -> Option<(Id, &str)> {
    let (id, rest) = key.strip_prefix(KEYS)?.split_once('/')?;
    Some((Id(id.parse().ok()?), rest))
}

fn lost(id: Id) -> String {
    format!("dropped-{id}")
}

/// The same meta data with the new versions; one that names none stays as it is, byte for byte.
///
/// What was dropped cannot be undone, so that is not named any more.
pub(super) fn versions(
    meta: &Meta,
    moves: &Moves,
    report: &mut Report,
) -> Result<Meta, serde_json::Error> {
    let text = meta.json().as_str();
    if !VERSIONS.iter().any(|name| text.contains(name)) {
        return Ok(meta.clone());
    }
    let (mut fields, mut is_changed) = (meta.json().decode::<Fields>()?, false);
    for name in VERSIONS {
        let Some(old) = fields.get(name).and_then(|raw| raw.get().parse().ok()) else { continue };
        match moves.first(Id(old)) {
            Some(new) if new.0 == old => continue,
            Some(new) => {
                fields.insert(name.to_owned(), to_raw_value(&new)?);
                report.references += 1;
            }
            None => {
                fields.remove(name);
                report.lost_references += 1;
            }
        }
        is_changed = true;
    }
    if is_changed { Json::from_value(&fields).map(Meta::from_stored) } else { Ok(meta.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(text: &str) -> Meta {
        Meta::from_stored(Json::from_text(text).unwrap())
    }

    #[test]
    fn every_id_is_moved_and_a_dropped_one_meets_no_other() {
        let mut moves = Moves::default();
        moves.push(Id(42), Id(7));
        let told = meta(r#"{"causation":"Ship#42","key":"react/42/1/Shipping","n":1.50}"#);
        let mut report = Report::default();
        let after = moved(&told, &moves, &mut report).unwrap();
        let wanted = r#"{"causation":"Ship#7","key":"react/7/1/Shipping","n":1.50}"#;
        assert_eq!(after.json().as_str(), wanted);
        assert_eq!((report.references, report.lost_references), (2, 0));
        assert_eq!(key("react/41/1/Shipping", &moves), "react/dropped-41/1/Shipping");
        assert_eq!(key("req-77", &moves), "req-77");
    }

    #[test]
    fn an_undo_names_the_new_version_of_what_it_takes_back() {
        let mut moves = Moves::default();
        moves.push(Id(1), Id(1));
        moves.push(Id(3), Id(2));
        let mut report = Report::default();
        let mut after = |text| versions(&meta(text), &moves, &mut report).unwrap();
        assert_eq!(after(r#"{ "undoes": 1 }"#).json().as_str(), r#"{ "undoes": 1 }"#);
        assert_eq!(after(r#"{"undoes":3}"#).json().as_str(), r#"{"undoes":2}"#);
        assert_eq!(after(r#"{"redoes":2}"#).json().as_str(), "{}");
        assert_eq!((report.references, report.lost_references), (1, 1));
    }
}
