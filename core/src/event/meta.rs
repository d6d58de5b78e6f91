//! What is known about an event besides its payload: who, why, in which connection.
//!
//! It is stored as one JSON object, read as it is, and decoded only when a field is asked for.

use std::{collections::BTreeMap, fmt, sync::OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{Json, Version, trace::TraceParent};

/// The meta data of a committed event; decoded on the first question.
///
/// ```
/// use actum::{Meta, MetaFields};
///
/// let meta = Meta::new(MetaFields { actor: Some("alice".into()), ..MetaFields::default() })?;
/// assert_eq!(meta.actor(), Some("alice"));
/// assert_eq!(meta.json().as_str(), r#"{"actor":"alice"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Meta {
    json: Json,
    fields: OnceLock<Box<MetaFields>>,
}

/// The fields of [`Meta`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetaFields {
    /// What belongs together: shared by an action and everything that follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// What this follows from: the action, and the event it reacted to, as in `Ship#42`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The key that makes the append idempotent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The trace of the action that this came from, as W3C `traceparent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// How many events were stored together, this one included, where they are more than one: what
    /// is undone in one step.
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub together: Option<u64>,
    /// The event of the same stream that this one takes back.
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Version>,
    /// The event of the same stream that this one brings back, after it was undone.
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub redoes: Option<Version>,
    /// Anything else.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// A number; anything else, which a foreign hand has stored there, is none.
fn number<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: From<u64>,
{
    Ok(Value::deserialize(deserializer)?.as_u64().map(N::from))
}

impl Meta {
    /// Encodes the fields.
    pub fn new(fields: MetaFields) -> Result<Self, serde_json::Error> {
        Ok(Self { json: Json::from_value(&fields)?, fields: OnceLock::from(Box::new(fields)) })
    }

    /// Takes what a store has kept, without decoding it.
    pub fn from_stored(json: Json) -> Self {
        Self { json, fields: OnceLock::new() }
    }

    /// The correlation: shared by an action and everything that follows from it.
    pub fn correlation(&self) -> Option<&str> {
        self.fields().correlation.as_deref()
    }

    /// The causation: the action, and the event it reacted to, as in `Ship#42`.
    pub fn causation(&self) -> Option<&str> {
        self.fields().causation.as_deref()
    }

    /// Who asked.
    pub fn actor(&self) -> Option<&str> {
        self.fields().actor.as_deref()
    }

    /// The key that made the append idempotent.
    pub fn key(&self) -> Option<&str> {
        self.fields().key.as_deref()
    }

    /// The trace of the action that this came from; `None` also for a text that names none.
    pub fn traceparent(&self) -> Option<TraceParent> {
        self.fields().traceparent.as_deref()?.parse().ok()
    }

    /// How many events were stored together, this one included: what is undone in one step.
    pub fn together(&self) -> u64 {
        self.fields().together.unwrap_or(1)
    }

    /// The version of the event that this one takes back; it is one of the same stream.
    ///
    /// An event that [brings one back](Self::redoes) takes back the one that has undone it.
    pub fn undoes(&self) -> Option<Version> {
        self.fields().undoes
    }

    /// The version of the event that this one brings back, after it was undone.
    pub fn redoes(&self) -> Option<Version> {
        self.fields().redoes
    }

    /// Any other field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields().extra.get(name)
    }

    /// All fields; empty where a foreign hand stored something that is no JSON object.
    pub fn fields(&self) -> &MetaFields {
        self.fields.get_or_init(|| Box::new(self.json.decode().unwrap_or_default()))
    }

    /// The stored JSON.
    pub fn json(&self) -> &Json {
        &self.json
    }
}

impl Default for Meta {
    fn default() -> Self {
        Self::from_stored(Json::from_stored(&b"{}"[..]))
    }
}

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json.fmt(f)
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.json, serializer)
    }
}
