//! `GET /views/Sales` and `GET /views/SalesByDay/2024-06-01`: the documents of projections.

use axum::{extract::State, response::Response};

use crate::{
    Id, Json, ViewJson,
    http::{
        api::{Api, Shared},
        page::{self, page},
        parameters::{Asked, Parameters},
        problem::Problem,
        target::{self, Segment},
    },
};

/// How long is waited for an id that the log does not have, part of the whole wait: an append that
/// was answered may be seen a little later.
const UNKNOWN: u32 = 10;

pub(super) async fn one(
    State(api): State<Shared>,
    name: &'static str,
    asked: Asked,
) -> Result<Response, Problem> {
    let document = read(&api, api.app.view_json(name), asked).await?;
    answer(document, || format!("{name} has no document"))
}

pub(super) async fn of_key(
    State(api): State<Shared>,
    name: &'static str,
    key: Segment,
    asked: Asked,
) -> Result<Response, Problem> {
    let key = target::segment(key)?;
    if let Some(why) = crate::projection::refuse_key(&key) {
        return Err(Problem::bad_request(format!("this key cannot be that of a document: {why}")));
    }
    let document = read(&api, api.app.view_json(name).key(&key), asked).await?;
    answer(document, || format!("{name} has no document of this key"))
}

fn answer(document: Option<Json>, missing: impl Fn() -> String) -> Result<Response, Problem> {
    let document = document.ok_or_else(|| Problem::not_found(missing()))?;
    Ok(page(page::JSON, document.as_bytes().to_vec()))
}

/// Reads a document, once the projection has seen the id that the client names.
async fn read(api: &Api, view: ViewJson<'_>, asked: Asked) -> Result<Option<Json>, Problem> {
    let after = Parameters::new(asked, &["after"])?.number("after")?.map_or(Id(0), Id);
    if after == Id(0) {
        return Ok(view.await?);
    }
    let is_known = after <= api.app.store().head().await?;
    let wait = if is_known { api.wait } else { api.wait / UNKNOWN };
    let waited = tokio::time::timeout(wait, view.after(after)).await;
    if let Ok(document) = waited {
        return Ok(document?);
    }
    let head = api.app.store().head().await?;
    if after > head {
        let why = format!("the log ends at {head}; `after` is the `id` that an action answered");
        return Err(Problem::bad_request(why));
    }
    Err(Problem::unavailable(format!("the projection has not seen {after} yet; ask again")))
}
