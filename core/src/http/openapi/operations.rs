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
    let loaded = json!({
        "description": "The state, its version and the id of its last event.",
        "headers": { "ETag": header("ETag") },
        "content": { "application/json": { "schema": schema("State") } },
    });
    let known = json!({ "description": "The client has this version already." });
    let answers = answers([("200", loaded), ("304", known)], &["400", "404"]);
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
    let mut description = vec![action.docs.to_owned()];
    if !action.given.is_empty() {
        description.push(format!("Only if {}.", listed(&action.given)));
    }
    if !action.emits.is_empty() {
        description.push(format!("Stores {}.", listed(&action.emits)));
    }
    let stored = |description, headers| {
        json!({
            "description": description,
            "headers": headers,
            "content": {
                "application/json": { "schema": schema("Outcome") },
                "application/cloudevents-batch+json": { "schema": schema("CloudEvents") },
            },
        })
    };
    let applied = header("Preference-Applied");
    let own = [
        (
            "200",
            stored(
                "What was stored. A repeated request gets the outcome of the first.",
                json!({ "ETag": header("ETag"), "Preference-Applied": applied }),
            ),
        ),
        (
            "201",
            stored(
                "The first events of the stream were stored.",
                json!({
                    "ETag": header("ETag"), "Preference-Applied": applied,
                    "Location": header("Location"),
                }),
            ),
        ),
    ];
    let answers = answers(own, &["400", "404", "409", "412", "413", "415", "422"]);
    json!({
        "operationId": format!("{name}.{}", action.name),
        "summary": action.docs.lines().next().unwrap_or(action.name),
        "description": description.join("\n\n").trim(),
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
    let events = json!({
        "description": "The events, oldest first.",
        "headers": { "Link": header("Link") },
        "content": {
            "application/json": { "schema": schema("Events") },
            "application/cloudevents-batch+json": { "schema": schema("CloudEvents") },
            "application/x-ndjson": { "schema": { "type": "string" } },
        },
    });
    let answers = answers([("200", events)], &["400", "404"]);
    json!({
        "operationId": format!("history_{name}"),
        "summary": format!("The events of a {name}"),
        "tags": [name],
        "parameters": [parameter("afterVersion"), parameter("limit"), parameter("format")],
        "responses": answers,
    })
}

pub(super) fn of_projection(parts: &mut Parts, model: &ProjectionModel) {
    let path = format!("/views/{}", encoded(model.name));
    let one = json!({
        "description": "The document.",
        "content": { "application/json": { "schema": {} } },
    });
    match model.keeps {
        Keeps::OneDocument => {
            let item = json!({ "get": view(model, "view", one, &["seen"]) });
            parts.paths.insert(path, item);
        }
        Keeps::DocumentPerKey => {
            let all = json!({
                "description": "The documents, by increasing key.",
                "headers": { "Link": header("Link") },
                "content": { "application/json": { "schema": schema("Documents") } },
            });
            let list = view(model, "views", all, &["prefix", "afterKey", "limit", "seenBy"]);
            parts.paths.insert(path.clone(), json!({ "get": list }));
            let item = json!({ "parameters": [parameter("key")], "get": view(model, "view", one, &["seen"]) });
            parts.paths.insert(format!("{path}/{{id}}"), item);
        }
        Keeps::Tables => {}
    }
}

fn view(model: &ProjectionModel, operation: &str, answer: Value, parameters: &[&str]) -> Value {
    let name = model.name;
    let answers = answers([("200", answer)], &["400", "404"]);
    let parameters: Vec<_> = parameters.iter().map(|name| parameter(name)).collect();
    json!({
        "operationId": format!("{operation}_{name}"),
        "summary": model.docs.lines().next().unwrap_or(name),
        "description": model.docs,
        "tags": ["views"],
        "parameters": parameters,
        "responses": answers,
    })
}

pub(super) fn of_the_app(parts: &mut Parts) {
    let feed = json!({
        "description": "Server-sent events that do not end. Each message has an id to resume from; \
                        one without data only moves it on.",
        "content": { "text/event-stream": { "schema": { "type": "string" } } },
    });
    let feed = answers([("200", feed)], &["400"]);
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
    let told = json!({
        "description": "The app takes work. `well` is false when something needs a person.",
        "content": { "application/json": { "schema": schema("Health") } },
    });
    let told = answers([("200", told)], &[]);
    let health = json!({
        "operationId": "health",
        "summary": "How the app fares",
        "tags": ["log"],
        "responses": told,
    });
    parts.paths.insert("/events".to_owned(), json!({ "get": events }));
    parts.paths.insert("/health".to_owned(), json!({ "get": health }));
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
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
