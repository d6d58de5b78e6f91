//! The operations: what can be asked of each aggregate, each projection and the app.

use serde_json::{Value, json};

use super::{Parts, parts::answers, schemas};
use crate::{
    ActionModel, AggregateModel, ProjectionModel,
    http::{api::Api, target::encoded},
    model::Keeps,
};

pub(super) fn of_aggregate(parts: &mut Parts, api: &Api, model: &AggregateModel) {
    let name = model.name;
    let path = format!("/{}/{{id}}", encoded(name));
    parts
        .paths
        .insert(path.clone(), json!({ "parameters": [parameter("id")], "get": state(name) }));
    for action in &model.actions {
        let input = match api.inputs.get(&(name, action.name)) {
            Some(schema) => schemas::hoisted(&mut parts.schemas, name, action.name, schema),
            None => json!({}),
        };
        let operation = act(name, action, &input);
        let path = format!("{path}/{}", encoded(action.name));
        parts.paths.insert(path, json!({ "parameters": [parameter("id")], "post": operation }));
    }
    // After the actions: one may be named like this.
    let path = parts.paths.entry(format!("{path}/history"));
    let item = path.or_insert_with(|| json!({ "parameters": [parameter("id")] }));
    if let Some(item) = item.as_object_mut() {
        item.insert("get".to_owned(), history(name));
    }
}

fn state(name: &str) -> Value {
    let mut answers = answers(&["400", "404"]);
    answers["200"] = json!({
        "description": "The state, its version and the id of its last event.",
        "headers": { "ETag": header("ETag") },
        "content": { "application/json": { "schema": schema("State") } },
    });
    answers["304"] = json!({ "description": "The client has this version already." });
    json!({
        "operationId": format!("state_{name}"),
        "summary": format!("The state of a {name}, the latest or an earlier one"),
        "tags": [name],
        "parameters": [
            parameter("version"), parameter("atId"), parameter("at"), parameter("ifNoneMatchTag"),
        ],
        "responses": answers,
    })
}

fn act(name: &str, action: &ActionModel, input: &Value) -> Value {
    let given =
        action.given.iter().map(|given| format!("`{given}`")).collect::<Vec<_>>().join(", ");
    let emits =
        action.emits.iter().map(|event| format!("`{event}`")).collect::<Vec<_>>().join(", ");
    let mut description = action.docs.to_owned();
    if !given.is_empty() {
        description.push_str(&format!("\n\nOnly if {given}."));
    }
    if !emits.is_empty() {
        description.push_str(&format!("\n\nStores {emits}."));
    }
    let stored = json!({
        "description": "What was stored. A repeated request gets the outcome of the first.",
        "headers": { "ETag": header("ETag"), "Preference-Applied": header("Preference-Applied") },
        "content": {
            "application/json": { "schema": schema("Outcome") },
            "application/cloudevents-batch+json": { "schema": schema("CloudEvents") },
        },
    });
    let mut created = stored.clone();
    created["headers"]["Location"] = header("Location");
    created["description"] = json!("The first events of the stream were stored.");
    let mut answers = answers(&["400", "404", "409", "412", "413", "415", "422"]);
    answers["200"] = stored;
    answers["201"] = created;
    json!({
        "operationId": format!("{name}.{}", action.name),
        "summary": action.docs.lines().next().unwrap_or(action.name),
        "description": description.trim(),
        "tags": [name],
        "parameters": [
            parameter("idempotencyKey"), parameter("ifMatch"), parameter("ifNoneMatch"),
            parameter("prefer"), parameter("correlationId"), parameter("traceparent"),
        ],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": input } },
        },
        "responses": answers,
    })
}

fn history(name: &str) -> Value {
    let mut answers = answers(&["400", "404"]);
    answers["200"] = json!({
        "description": "The events, oldest first.",
        "headers": { "Link": header("Link") },
        "content": {
            "application/json": { "schema": schema("Events") },
            "application/cloudevents-batch+json": { "schema": schema("CloudEvents") },
            "application/x-ndjson": { "schema": { "type": "string" } },
        },
    });
    json!({
        "operationId": format!("history_{name}"),
        "summary": format!("The events of a {name}"),
        "tags": [name],
        "parameters": [parameter("afterVersion"), parameter("limit"), parameter("format")],
        "responses": answers,
    })
}

pub(super) fn of_projection(parts: &mut Parts, model: &ProjectionModel) {
    let name = model.name;
    let (path, parameters) = match model.keeps {
        Keeps::OneDocument => (format!("/views/{}", encoded(name)), json!([])),
        Keeps::DocumentPerKey => {
            (format!("/views/{}/{{id}}", encoded(name)), json!([parameter("key")]))
        }
        Keeps::Tables => return,
    };
    let mut answers = answers(&["400", "404"]);
    answers["200"] = json!({
        "description": "The document.",
        "content": { "application/json": { "schema": {} } },
    });
    let operation = json!({
        "operationId": format!("view_{name}"),
        "summary": model.docs.lines().next().unwrap_or(name),
        "description": model.docs,
        "tags": ["views"],
        "parameters": [parameter("seen")],
        "responses": answers,
    });
    parts.paths.insert(path, json!({ "parameters": parameters, "get": operation }));
}

pub(super) fn of_the_app(parts: &mut Parts) {
    let mut feed = answers(&["400"]);
    feed["200"] = json!({
        "description": "Server-sent events that do not end. Each message has an id to resume from; \
                        one without data only moves it on.",
        "content": { "text/event-stream": { "schema": { "type": "string" } } },
    });
    let events = json!({
        "operationId": "events",
        "summary": "The log as it grows: what is there, then what comes",
        "tags": ["log"],
        "parameters": [
            parameter("after"), parameter("lastEventId"), parameter("name"),
            parameter("category"), parameter("stream"), parameter("correlation"),
            parameter("format"),
        ],
        "responses": feed,
    });
    let mut told = answers(&[]);
    told["200"] = json!({
        "description": "The app takes work. `well` is false when something needs a person.",
        "content": { "application/json": { "schema": schema("Health") } },
    });
    let health = json!({
        "operationId": "health",
        "summary": "How the app fares",
        "tags": ["log"],
        "responses": told,
    });
    parts.paths.insert("/events".to_owned(), json!({ "get": events }));
    parts.paths.insert("/health".to_owned(), json!({ "get": health }));
}

fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
