//! `GET /Cart/123`: the state, the latest or an earlier one.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

use crate::{
    AsOf, Id, LoadedJson, Timestamp, Version,
    http::{
        api::Shared,
        page::{self, etag},
        parameters::{Asked, Parameters},
        problem::Problem,
        target::{self, Segment},
    },
};

pub(super) async fn state(
    State(api): State<Shared>,
    aggregate: &'static str,
    id: Segment,
    (headers, asked): (HeaderMap, Asked),
) -> Result<Response, Problem> {
    let stream = target::stream(aggregate, id)?;
    let as_of = as_of(&Parameters::new(asked, &["version", "id", "at"])?)?;
    let loaded = api.app.load_json(aggregate, stream.id(), as_of).await?;
    let LoadedJson { version, .. } = loaded;
    match as_of {
        Some(AsOf::Version(wanted)) if wanted > version => Err(Problem::not_found(format!(
            "`{stream}` has no version {wanted}; it ends at {version}"
        ))),
        None if version == Version(0) => {
            Err(Problem::not_found(format!("`{stream}` has no events")))
        }
        Some(_) if version == Version(0) => {
            Err(Problem::not_found(format!("`{stream}` had no events then")))
        }
        _ => {
            let mut response = page::json("a state", &loaded)?;
            let tag = etag(version);
            if is_known(&headers, tag.as_bytes()) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                *response.body_mut() = axum::body::Body::empty();
                response.headers_mut().remove(header::CONTENT_TYPE);
            }
            response.headers_mut().insert(header::ETAG, tag);
            Ok(response)
        }
    }
}

/// Which state is wanted.
fn as_of(parameters: &Parameters) -> Result<Option<AsOf>, Problem> {
    let version = parameters.number("version")?.map(|number| AsOf::Version(Version(number)));
    let id = parameters.number("id")?.map(|number| AsOf::Id(Id(number)));
    let time = "a time such as `2024-06-01T14:23:00Z`";
    let time = parameters.one::<Timestamp>("at", time)?.map(AsOf::Time);
    let mut given = [version, id, time].into_iter().flatten();
    match (given.next(), given.next()) {
        (one, None) => Ok(one),
        _ => Err(Problem::bad_request("`version`, `id` and `at` exclude each other")),
    }
}

/// Whether the client has this version already: `If-None-Match`.
fn is_known(headers: &HeaderMap, tag: &[u8]) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = given.flat_map(|tags| tags.as_bytes().split(|&byte| byte == b','));
    tags.any(|one| {
        let one = one.trim_ascii();
        one == b"*" || one.strip_prefix(b"W/").unwrap_or(one) == tag
    })
}
