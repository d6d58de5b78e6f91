//! `GET /Cart/123/history`: the events of one stream, as pages of JSON or as lines without end.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use futures_util::{StreamExt, stream};

use crate::{
    App, Committed, Error, StreamId, Version,
    http::{
        accept::{Form, Joined, Wanted},
        api::Shared,
        parameters::{Asked, Parameters},
        problem::Problem,
        target::{self, Segment},
    },
    store::Query,
};

/// How many events an array has unless the client wants less or more.
const LIMIT: u64 = 100;

/// How many events an array has at most; lines have no such bound.
const MOST: u64 = 1000;

pub(super) async fn history(
    State(api): State<Shared>,
    aggregate: &'static str,
    id: Segment,
    (headers, asked): (HeaderMap, Asked),
) -> Result<Response, Problem> {
    let stream = target::stream(aggregate, id)?;
    let parameters = Parameters::new(asked, &["after", "limit", "format"])?;
    let after = parameters.number("after")?.map_or(Version(0), Version);
    let limit = parameters.number("limit")?;
    let wanted = Wanted::new(&headers).or_by(&parameters)?;
    if !exists(&api.app, &stream).await? {
        return Err(Problem::not_found(format!("`{stream}` has no events")));
    }
    let query = Query::stream(stream).from_version(after.next());
    match wanted.joined {
        Joined::Lines => Ok(wanted.page(lines(&api, query, limit, wanted.form))),
        Joined::Array => array_page(&api, query, limit.unwrap_or(LIMIT).min(MOST), wanted).await,
    }
}

/// Whether a stream has events.
pub(super) async fn exists(app: &App, stream: &StreamId) -> Result<bool, Error> {
    let query = Query::stream(stream.clone()).limit(1).without_meta();
    Ok(app.read(query).next().await.transpose()?.is_some())
}

/// A page of events, with a link to the next one where there is more.
async fn array_page(
    api: &Shared,
    query: Query,
    limit: u64,
    wanted: Wanted,
) -> Result<Response, Problem> {
    // One more tells whether there is a next page.
    let mut events = api.app.read(query.limit(limit + 1)).all().await?;
    let is_over = events.len() as u64 <= limit;
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut response = wanted.page(array(&events, wanted.form, &api.source)?);
    if let (false, Some(last)) = (is_over, events.last()) {
        let format = match wanted.form {
            Form::Stored => "json",
            Form::CloudEvents => "cloudevents",
        };
        let next = format!("<?after={}&limit={limit}&format={format}>; rel=\"next\"", last.version);
        let link = HeaderValue::from_str(&next).ok();
        response.headers_mut().extend(link.map(|link| (header::LINK, link)));
    }
    Ok(response)
}

/// Events as a JSON array.
pub(super) fn array(events: &[Committed], form: Form, source: &str) -> Result<Vec<u8>, Error> {
    let mut out = vec![b'['];
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend(form.write(event, source)?);
    }
    out.push(b']');
    Ok(out)
}

/// Events as lines, read as fast as the client takes them. An error breaks the answer off, so that
/// nobody takes it for whole.
fn lines(api: &Shared, query: Query, limit: Option<u64>, form: Form) -> Body {
    let query = match limit {
        Some(limit) => query.limit(limit),
        None => query,
    };
    let api = api.clone();
    let feed = api.app.read(query);
    let lines = stream::unfold((feed, api), move |(mut feed, api)| async move {
        let line = feed.next().await?.and_then(|event| {
            let mut line = form.write(&event, &api.source)?;
            line.push(b'\n');
            Ok(Bytes::from(line))
        });
        let line = line.inspect_err(|error| tracing::warn!(%error, "a history breaks off"));
        Some((line, (feed, api)))
    });
    Body::from_stream(lines.fuse())
}
