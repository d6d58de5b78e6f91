//! Finds the subjects of the personal values in stored JSON.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{sealed::Sealed, subject::Subject};
use crate::Json;

/// Notes whose personal values occur in a payload. What is no JSON has none: it tells so when it
/// is decoded.
pub(super) fn subjects(payload: &Json, found: &mut BTreeSet<Subject>) {
    if let Ok(value) = payload.decode::<Value>() {
        walk(&value, found);
    }
}

fn walk(value: &Value, found: &mut BTreeSet<Subject>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
        Value::Object(fields) if fields.contains_key("sealed") => {
            match Sealed::deserialize(value).map(|sealed| sealed.subject()) {
                Ok(Ok(subject)) => drop(found.insert(subject)),
                // Damaged: it tells so when it is opened.
                Ok(Err(_)) => {}
                Err(_) => fields.values().for_each(|value| walk(value, found)),
            }
        }
        Value::Object(fields) => fields.values().for_each(|value| walk(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
