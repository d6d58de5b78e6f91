//! The OpenAPI document: what it names is there, and what is there it names.

use std::collections::HashSet;

use actum::{
    axum::{Router, http::Method},
    http::Api,
    prelude::*,
};
use schemars::schema_for;
use serde_json::{Value, json};

use crate::{
    client::{get, request, send},
    shop::{AddItem, Cart, start},
};

async fn document() -> (Router, Value) {
    let app = start(Memory::new()).await;
    let router = Api::new(app).input::<Cart, AddItem>(schema_for!(AddItem)).router();
    let document = get(&router, "/openapi.json").await.json();
    (router, document)
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) -> usize {
        match value {
            Value::Object(all) => {
                if let Some(Value::String(reference)) = all.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("within the document");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    return 1;
                }
                all.values().map(|value| check(value, document)).sum()
            }
            Value::Array(all) => all.iter().map(|value| check(value, document)).sum(),
            _ => 0,
        }
    }
    let (_, document) = document().await;
    assert!(check(&document, &document) > 100);
}

#[tokio::test]
async fn every_operation_is_routed() {
    let (router, document) = document().await;
    let mut ids = HashSet::new();
    let paths = document["paths"].as_object().expect("paths");
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("an item") {
            if method == "parameters" {
                continue;
            }
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            assert!(ids.insert(id.clone()), "{id} twice");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            // A parameter that there is not: refused by what is routed, and unheeded by others.
            let path = path.replace("{id}", "%00");
            let answer = send(&router, request(method, &format!("{path}?no=1"), &[], "")).await;
            assert!(![404, 405].contains(&answer.status.as_u16()), "{id}: {answer:?}");
        }
    }
    let named: Vec<_> = paths.keys().map(String::as_str).collect();
    let odd = "/W%C3%A4gen%2F1%20%7Bx%7D/{id}";
    let odd_history = format!("{odd}/history");
    let mut expected = vec![
        "/Cart/{id}",
        "/Cart/{id}/AddItem",
        "/Cart/{id}/CheckOut",
        "/Cart/{id}/Note",
        "/Cart/{id}/Panic",
        "/Cart/{id}/history",
        odd,
        &odd_history,
        "/events",
        "/health",
        "/views/Sold",
        "/views/SoldOf",
        "/views/SoldOf/{id}",
    ];
    expected.sort_unstable();
    assert_eq!(named, expected);
    let both = &document["paths"][odd_history];
    assert!(both["get"].is_object() && both["post"].is_object());
}

#[tokio::test]
async fn what_the_model_knows_is_described() {
    let (_, document) = document().await;
    let add = &document["paths"]["/Cart/{id}/AddItem"]["post"];
    assert_eq!(add["summary"], "Puts `qty` of `sku` into the cart.");
    let text = add["description"].as_str().expect("a text");
    for part in ["Nothing of it is nothing.", "Only if `open`.", "Stores `ItemAdded`."] {
        assert!(text.contains(part), "{text}");
    }
    let schema = |operation: &Value| {
        operation["requestBody"]["content"]["application/json"]["schema"].clone()
    };
    assert_eq!(schema(add), json!({ "$ref": "#/components/schemas/Cart.AddItem" }));
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Cart.AddItem"]["required"], json!(["sku", "qty"]));
    assert_eq!(schemas["Cart.AddItem.Gift"]["required"], json!(["greeting"]));
    assert_eq!(schema(&document["paths"]["/Cart/{id}/CheckOut"]["post"]), json!({}));
    assert_eq!(document["tags"][0]["description"], "What a customer is about to buy.");
    assert_eq!(document["paths"]["/views/Sold"]["get"]["summary"], "How much was put into carts.");
}

#[tokio::test]
async fn the_document_says_where_the_router_is_nested() {
    let (router, document) = document().await;
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    let nested = Router::new().nest("/api/v1", router);
    let document = get(&nested, "/api/v1/openapi.json").await.json();
    assert_eq!(document["servers"], json!([{ "url": "/api/v1" }]));
    get(&nested, "/api/v1/nothing").await.problem(404, "not_found");
}
