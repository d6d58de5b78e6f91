//! The OpenAPI 3.1 document, made of the app's model.
//!
//! What the model does not know is not made up: an input without a schema of its own is any JSON,
//! described by the doc comment of its action.

use axum::{
    extract::{NestedPath, rejection::NestedPathRejection},
    response::Response,
};
use serde_json::{Map, Value, json};

use crate::http::{api::Api, page, problem::Problem};

mod operations;
mod parts;
mod schemas;

/// The document, but for where the router is mounted.
pub(super) fn document(api: &Api) -> Value {
    let model = api.app.model();
    let mut parts = Parts { paths: Map::new(), schemas: schemas::common() };
    for aggregate in &model.aggregates {
        operations::of_aggregate(&mut parts, api, aggregate);
    }
    for projection in &model.projections {
        operations::of_projection(&mut parts, projection);
    }
    operations::of_the_app(&mut parts);
    let tags = model.aggregates.iter().map(|aggregate| (aggregate.name, aggregate.docs));
    let tags = tags.chain([
        ("views", "The documents of the projections."),
        ("log", "All events, and how the app fares."),
    ]);
    let tags: Vec<_> =
        tags.map(|(name, docs)| json!({ "name": name, "description": docs })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Actum",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Generated from the model of the app.",
        },
        "tags": tags,
        "paths": parts.paths,
        "components": {
            "schemas": parts.schemas,
            "responses": parts::responses(),
            "parameters": parts::parameters(),
            "headers": parts::headers(),
        },
    })
}

/// Where the router is nested; an error where it is not.
type Nested = Result<NestedPath, NestedPathRejection>;

/// `GET /openapi.json`: the document, which names the path that the router is nested below.
pub(super) fn serve(document: &Value, nested: &Nested) -> Result<Response, Problem> {
    let mut document = document.clone();
    let place = nested.as_ref().map_or("/", |nested| nested.as_str());
    if let Some(document) = document.as_object_mut() {
        document.insert("servers".to_owned(), json!([{ "url": place }]));
    }
    page::json("the OpenAPI document", &document)
}

/// What the operations add to the document.
struct Parts {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}
