//! The schemas: what the router itself answers, and the inputs that the app's user described.

use serde_json::{Map, Value, json};

use crate::http::target::encoded;

/// The schemas of what the router answers.
pub(super) fn common() -> Map<String, Value> {
    let number = json!({ "type": "integer", "format": "int64", "minimum": 0 });
    let text = json!({ "type": "string" });
    let event = json!({
        "type": "object",
        "description": "An event as stored.",
        "required": ["name", "data", "id", "stream", "version", "created", "meta"],
        "properties": {
            "name": text, "schema": number, "data": {}, "id": number, "stream": text,
            "version": number, "created": { "type": "string", "format": "date-time" },
            "meta": { "type": "object" },
        },
    });
    let cloud = json!({
        "type": "object",
        "description": "An event as CloudEvents 1.0 has it.",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": { "const": "1.0" }, "id": text,
            "source": { "type": "string", "format": "uri-reference" }, "type": text,
            "subject": text, "time": { "type": "string", "format": "date-time" },
            "datacontenttype": text, "streamversion": text, "dataversion": text,
            "correlationid": text, "causationid": text, "actor": text, "traceparent": text,
            "data": {},
        },
    });
    let health = json!({
        "type": "object",
        "required": ["name", "seen", "lag", "state"],
        "properties": {
            "name": text, "seen": number, "lag": number,
            "lag_seconds": { "type": ["number", "null"] },
            "state": { "enum": ["running", "standby", "retrying", "stopped"] },
            "since": { "type": "string", "format": "date-time" }, "error": text,
        },
    });
    let all = json!({
        "Event": event,
        "Events": { "type": "array", "items": { "$ref": "#/components/schemas/Event" } },
        "Documents": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "document"],
                "properties": { "key": text, "document": {} },
            },
        },
        "CloudEvent": cloud,
        "CloudEvents": { "type": "array", "items": { "$ref": "#/components/schemas/CloudEvent" } },
        "Outcome": {
            "type": "object",
            "required": ["stream", "version", "id", "repeated"],
            "properties": {
                "stream": text, "version": number, "id": number,
                "repeated": { "type": "boolean", "description": "Whether it is of an earlier request with the same key." },
                "events": { "$ref": "#/components/schemas/Events" },
            },
        },
        "State": {
            "type": "object",
            "required": ["stream", "version", "id", "state"],
            "properties": { "stream": text, "version": number, "id": number, "state": {} },
        },
        "Health": {
            "type": "object",
            "required": ["well", "head", "projections", "reactions"],
            "properties": {
                "well": { "type": "boolean" }, "head": number,
                "projections": { "type": "array", "items": health },
                "reactions": { "type": "array", "items": health },
            },
        },
        "Problem": {
            "type": "object",
            "description": "Problem details (RFC 9457).",
            "required": ["type", "title", "status", "code", "detail"],
            "properties": {
                "type": { "const": "about:blank" }, "title": text,
                "status": { "type": "integer" }, "code": text, "detail": text,
                "stream": text, "actual": number, "between": { "type": "array" },
            },
        },
    });
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

/// Puts the schema of an input among the others, and its definitions beside it; returns the
/// reference.
pub(super) fn hoisted(
    schemas: &mut Map<String, Value>,
    aggregate: &str,
    action: &str,
    schema: &Value,
) -> Value {
    let name = format!("{}.{}", plain(aggregate), plain(action));
    let mut schema = schema.clone();
    let definitions = schema.as_object_mut().and_then(|schema| {
        schema.remove("$schema");
        schema.remove("$defs")
    });
    redirect(&mut schema, &name);
    if let Some(Value::Object(definitions)) = definitions {
        for (inner, mut definition) in definitions {
            redirect(&mut definition, &name);
            schemas.insert(format!("{name}.{}", plain(&inner)), definition);
        }
    }
    let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
    schemas.insert(name, schema);
    reference
}

/// Lets references to definitions of a schema point to where they are now.
fn redirect(schema: &mut Value, name: &str) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(|one| redirect(one, name)),
        Value::Object(all) => {
            for (key, value) in all {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if text == "#" {
                            *text = format!("#/components/schemas/{name}");
                        } else if let Some(inner) = text.strip_prefix("#/$defs/") {
                            *text = format!("#/components/schemas/{name}.{}", plain(inner));
                        }
                    }
                    value => redirect(value, name),
                }
            }
        }
        _ => {}
    }
}

/// A name as a key of components: letters, digits, `.`, `-` and `_`.
fn plain(name: &str) -> String {
    encoded(name).to_string().replace(['%', '~'], "_")
}
