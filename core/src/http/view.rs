//! `GET /views/Sales` and `GET /views/SalesByDay/2024-06-01`: the documents of projections;
//! `GET /views/SalesByDay` lists those of one that has a document for each key.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use serde::Serialize;

use crate::{
    DocumentsJson, Id, Json, Result as AppResult,
    http::{
        api::{Api, Shared},
        page::{self, page},
        parameters::{Asked, Parameters},
        problem::Problem,
        target::{self, Segment, encoded},
    },
    projection::refuse_key,
};

/// How long is waited for an id that the log does not have, part of the whole wait: an append that
/// was answered may be seen a little later.
const UNKNOWN: u32 = 10;

/// A document of a list.
#[derive(Serialize)]
struct Listed<'a> {
    key: &'a str,
    document: &'a Json,
}

pub(super) async fn one(
    State(api): State<Shared>,
    name: &'static str,
    asked: Asked,
) -> Result<Response, Problem> {
    let after = after(&Parameters::new(asked, &["after"])?, "after")?;
    let document = seen(&api, after, api.app.view_json(name).after(after)).await?;
    answer(document, || format!("{name} has no document"))
}

pub(super) async fn of_key(
    State(api): State<Shared>,
    name: &'static str,
    key: Segment,
    asked: Asked,
) -> Result<Response, Problem> {
    let key = target::segment(key)?;
    if let Some(why) = refuse_key(&key) {
        return Err(Problem::bad_request(format!("this key cannot be that of a document: {why}")));
    }
    let after = after(&Parameters::new(asked, &["after"])?, "after")?;
    let document = seen(&api, after, api.app.view_json(name).key(&key).after(after)).await?;
    answer(document, || format!("{name} has no document of this key"))
}

pub(super) async fn list(
    State(api): State<Shared>,
    name: &'static str,
    asked: Asked,
) -> Result<Response, Problem> {
    let parameters = Parameters::new(asked, &["prefix", "after", "limit", "seen"])?;
    let (prefix, behind) = (key(&parameters, "prefix")?, key(&parameters, "after")?);
    let (limit, id) = (parameters.number("limit")?, after(&parameters, "seen")?);
    let mut views = api.app.views_json(name).after(id);
    if let Some(prefix) = prefix {
        views = views.prefix(prefix);
    }
    if let Some(behind) = behind {
        views = views.behind(behind);
    }
    if let Some(limit) = limit {
        views = views.limit(limit);
    }
    let DocumentsJson { documents, next } = seen(&api, id, views).await?;
    let listed = documents.iter().map(|(key, document)| Listed { key, document });
    let mut response = page::json("a list of documents", &listed.collect::<Vec<_>>())?;
    let next = next.map(|key| {
        let with = |name, value: Option<String>| {
            value.map(|value| format!("&{name}={}", encoded(&value))).unwrap_or_default()
        };
        let prefix = with("prefix", prefix.map(str::to_owned));
        let limit = with("limit", limit.map(|limit| limit.to_string()));
        format!("<?after={}{prefix}{limit}>; rel=\"next\"", encoded(&key))
    });
    let link = next.and_then(|next| HeaderValue::from_str(&next).ok());
    response.headers_mut().extend(link.map(|link| (header::LINK, link)));
    Ok(response)
}

/// A key, or the start of one, as a parameter.
fn key<'a>(parameters: &'a Parameters, name: &str) -> Result<Option<&'a str>, Problem> {
    let text = parameters.text(name)?.filter(|text| !text.is_empty());
    match text.and_then(refuse_key) {
        Some(why) => {
            Err(Problem::bad_request(format!("no key of a document can be this `{name}`: {why}")))
        }
        None => Ok(text),
    }
}

fn after(parameters: &Parameters, name: &str) -> Result<Id, Problem> {
    Ok(parameters.number(name)?.map_or(Id(0), Id))
}

fn answer(document: Option<Json>, missing: impl Fn() -> String) -> Result<Response, Problem> {
    let document = document.ok_or_else(|| Problem::not_found(missing()))?;
    Ok(page(page::JSON, document.as_bytes().to_vec()))
}

/// Reads, once the projection has seen the id that the client names.
async fn seen<T>(
    api: &Api,
    after: Id,
    read: impl IntoFuture<Output = AppResult<T>>,
) -> Result<T, Problem> {
    if after == Id(0) {
        return Ok(read.await?);
    }
    let is_known = after <= api.app.store().head().await?;
    let wait = if is_known { api.wait } else { api.wait / UNKNOWN };
    let waited = tokio::time::timeout(wait, read).await;
    if let Ok(found) = waited {
        return Ok(found?);
    }
    let head = api.app.store().head().await?;
    if after > head {
        let why = format!("the log ends at {head}; the `id` that an action answered is in it");
        return Err(Problem::bad_request(why));
    }
    Err(Problem::unavailable(format!("the projection has not seen {after} yet; ask again")))
}
