//! Parameters, headers and answers that many operations share.

use serde_json::{Map, Value, json};

use crate::StreamId;

/// A text without control characters.
const PLAIN: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// The answers of an operation: its own, and the statuses of problems.
pub(super) fn answers<const N: usize>(own: [(&str, Value); N], statuses: &[&str]) -> Value {
    let problem = |status: &str| json!({ "$ref": format!("#/components/responses/{status}") });
    let own = own.into_iter().map(|(status, answer)| (status.to_owned(), answer));
    let mut answers: Map<_, _> = own.collect();
    for status in statuses.iter().chain(&["500", "503"]) {
        answers.insert((*status).to_owned(), problem(status));
    }
    answers.into()
}

pub(super) fn responses() -> Value {
    let all = [
        ("400", "The request is malformed."),
        ("404", "There is no such thing, or no events of it."),
        ("409", "The domain refused; or other writers were faster every time."),
        ("412", "The stream is at another version than the one named."),
        ("413", "The body is too large."),
        ("415", "The body is not `application/json`."),
        ("422", "The input does not fit the action; or the key was used with another."),
        ("500", "The server is at fault."),
        ("503", "The app shuts down, or the store cannot be reached; ask again."),
    ];
    let problem = json!({
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
    });
    let response = |(status, text): (&str, &str)| {
        (status.to_owned(), json!({ "description": text, "content": problem }))
    };
    all.into_iter().map(response).collect::<Map<_, _>>().into()
}

pub(super) fn headers() -> Value {
    let header = |text: &str, example: &str| json!({ "description": text, "schema": { "type": "string" }, "example": example });
    json!({
        "ETag": header("The version of the stream.", "\"3\""),
        "Location": header("Where the state is.", "../123"),
        "Link": header("The next page, where there is one.", "<?after=100&limit=100>; rel=\"next\""),
        "Preference-Applied": header("That events were left out.", "return=minimal"),
    })
}

pub(super) fn parameters() -> Value {
    let number = json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX });
    let text = json!({ "type": "string" });
    let kept = json!({
        "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$",
    });
    let text_of_key = json!({ "type": "string", "maxLength": 1024, "pattern": PLAIN });
    // Behind an aggregate's name of one letter and the dash.
    let id = json!({ "type": "string", "minLength": 1, "maxLength": StreamId::MAX_LEN - 2 });
    let query = |name: &str, text: &str, schema: &Value| json!({ "name": name, "in": "query", "description": text, "schema": schema });
    let header = |name: &str, text: &str, schema: &Value| json!({ "name": name, "in": "header", "description": text, "schema": schema });
    let path = |text: &str, schema: &Value| json!({ "name": "id", "in": "path", "required": true, "description": text, "schema": schema });
    json!({
        "id": path("The id: any text without control characters, except `.` and `..`; with the \
                    aggregate's name at most 511 bytes.", &id),
        "key": path("The key of the document.", &json!({ "type": "string", "minLength": 1 })),
        "version": query("version", "The state at this version.", &number),
        "atId": query("id", "The state at this place in the log.", &number),
        "at": query("at", "The state at this time.", &json!({
            "type": "string", "format": "date-time", "example": "2024-06-01T14:23:00Z",
        })),
        "afterVersion": query("after", "Only events behind this version.", &number),
        "limit": query("limit", "At most so many; an array has at most 1000.", &number),
        "format": query("format", "The form of the events.", &json!({
            "type": "string", "enum": ["json", "cloudevents"],
        })),
        "seen": query("after", "Waits, for some seconds, until the projection has seen this id.",
            &number),
        "seenBy": query("seen", "Waits, for some seconds, until the projection has seen this id.",
            &number),
        "prefix": query("prefix", "Only documents whose key begins with this.", &text_of_key),
        "afterKey": query("after", "Only documents behind this key.", &text_of_key),
        "after": query("after", "Only events behind this id; `head` for those to come.", &json!({
            "oneOf": [number, { "type": "string", "enum": ["head"] }],
        })),
        "name": query("name", "Only events with one of these names.", &json!({
            "type": "array", "items": text,
        })),
        "category": query("category", "Only events of these aggregates.", &json!({
            "type": "array", "items": text,
        })),
        "stream": query("stream", "Only events of this stream.", &json!({
            "type": "string", "pattern": "^[^-\\u0000-\\u001f\\u007f-\\u009f]+-.+$",
            "example": "Cart-123",
        })),
        "correlation": query("correlation", "Only events with this correlation.", &text),
        "lastEventId": header("Last-Event-ID", "Where to resume; it goes before `after`.", &number),
        "idempotencyKey": header("Idempotency-Key",
            "Asked again with the same key and body, nothing is stored, and the first outcome \
             answered.", &kept),
        "ifMatch": header("If-Match", "The version the stream must be at, or `*` for any but 0.",
            &json!({ "type": "string", "pattern": "^(\\*|\"[0-9]{1,18}\")$", "example": "\"3\"" })),
        "ifNoneMatch": header("If-None-Match", "The stream must be empty.",
            &json!({ "type": "string", "enum": ["*"] })),
        "ifNoneMatchTag": header("If-None-Match", "Versions that the client has.", &text),
        "prefer": header("Prefer", "`return=minimal` leaves the events out of the answer.", &text),
        "correlationId": header("Correlation-Id", "What this belongs to; kept with the events.",
            &kept),
        "traceparent": header("traceparent", "The W3C trace of the request; kept with the events.",
            &text),
    })
}
