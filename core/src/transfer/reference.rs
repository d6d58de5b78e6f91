//! What names an event by its id: the causation, the keys of reactions, what an undo takes back.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

use crate::{
    Id, Json, Meta,
    event::causation,
    reaction::KEYS,
    transfer::{Moves, Report},
};

/// The field of the meta data that names what an undo takes back.
const UNDOES: &str = "undoes";

/// The ids that some meta data names.
pub(super) fn named(meta: &Meta) -> Vec<Id> {
    let fields = meta.fields();
    let cause = fields.causation.as_deref().and_then(causation::parts).map(|(_, id)| id);
    let keyed = fields.key.as_deref().and_then(parts).map(|(id, _)| id);
    let undone = fields.extra.get(UNDOES).map(ids).unwrap_or_default();
    cause.into_iter().chain(keyed).chain(undone).collect()
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
    let mut fields: BTreeMap<String, Box<RawValue>> = meta.json().decode()?;
    let known = meta.fields();
    if let Some((action, id)) = known.causation.as_deref().and_then(causation::parts) {
        let text = match moves.name(id) {
            Some(new) => causation::of(action, new),
            None => format!("{action}#{}", lost(id)),
        };
        fields.insert("causation".to_owned(), serde_json::value::to_raw_value(&text)?);
    }
    if let Some(text) = known.key.as_deref() {
        let text = key(text, moves);
        fields.insert("key".to_owned(), serde_json::value::to_raw_value(&text)?);
    }
    if let Some(undone) = known.extra.get(UNDOES) {
        let undone = serde_json::value::to_raw_value(&value(undone, moves))?;
        fields.insert(UNDOES.to_owned(), undone);
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

/// The ids in a value: a number, or a list of them.
fn ids(value: &Value) -> Vec<Id> {
    match value {
        Value::Number(number) => number.as_u64().map(Id).into_iter().collect(),
        Value::Array(values) => values.iter().flat_map(ids).collect(),
        _ => Vec::new(),
    }
}

fn value(undone: &Value, moves: &Moves) -> Value {
    match undone {
        Value::Number(number) => match number.as_u64().map(|id| (id, moves.name(Id(id)))) {
            Some((_, Some(new))) => new.0.into(),
            Some((id, None)) => lost(Id(id)).into(),
            None => undone.clone(),
        },
        Value::Array(values) => values.iter().map(|one| value(one, moves)).collect(),
        _ => undone.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_moved_and_a_dropped_one_meets_no_other() {
        let mut moves = Moves::default();
        moves.push(Id(42), Id(7));
        let meta = |text: &str| Meta::from_stored(Json::from_text(text).unwrap());
        let told = meta(
            r#"{"causation":"Ship#42","key":"react/42/1/Shipping","undoes":[42,41],"n":1.50}"#,
        );
        let mut report = Report::default();
        let moved = moved(&told, &moves, &mut report).unwrap();
        assert_eq!(
            moved.json().as_str(),
            r#"{"causation":"Ship#7","key":"react/7/1/Shipping","n":1.50,"undoes":[7,"dropped-41"]}"#
        );
        assert_eq!((report.references, report.lost_references), (3, 1));
        assert_eq!(key("react/41/1/Shipping", &moves), "react/dropped-41/1/Shipping");
        assert_eq!(key("req-77", &moves), "req-77");
    }
}
