//! Documents by the name of their projection, for callers that have no types: HTTP, inspector.

use std::{fmt::Display, future::IntoFuture};

use super::{Asks, View, asks, decode, list::Merge};
use crate::{
    App, Error, Id, Json, Projection, Result,
    app::runner::Runner,
    store::{BoxFuture, Document},
};

/// How many documents a page has unless told otherwise, and how many at most.
const LIMIT: u64 = 100;
const MOST: u64 = 1000;

/// How many bytes of documents end a page.
const BYTES: usize = 4 << 20;

/// Which documents are wanted.
#[derive(Clone, Debug)]
pub(in crate::app) struct Wanted {
    prefix: String,
    behind: Option<String>,
    limit: u64,
}

/// Reads a document of a projection whose type only this function knows.
pub(in crate::app) async fn read<P: Projection>(
    app: &App,
    key: Option<String>,
    asks: Asks,
) -> Result<Option<Json>> {
    let refuse = |why| Err(Error::Query { action: "read a document", why });
    let key = match (P::KEYED, key) {
        (true, Some(key)) => key,
        (false, None) => String::new(),
        (true, None) => return refuse("there is one for each key; name a key"),
        (false, Some(_)) => return refuse("there is only one; leave the key out"),
    };
    let view = View::<P> { asks, ..View::new(app) };
    let Some((source, json)) = view.stored(&key).await? else {
        return if P::KEYED { Ok(None) } else { encode(&P::default()).map(Some) };
    };
    // A document that does not fit is an error here as it is for callers with types.
    decode::<P>(&source, &json)?;
    Ok(Some(json))
}

/// Lists documents of a projection whose type only this function knows.
pub(in crate::app) async fn list<P: Projection>(
    app: &App,
    Wanted { prefix, behind, limit }: Wanted,
    asks: Asks,
) -> Result<DocumentsJson> {
    if !P::KEYED {
        let why = "there is only one; read it";
        return Err(Error::Query { action: "list documents", why });
    }
    let mut merge = Merge::begin::<P>(app, asks, &prefix, behind.as_deref()).await?;
    let (mut page, mut bytes) = (DocumentsJson { documents: Vec::new(), next: None }, 0);
    while let Some((source, Document { key, data })) = merge.next().await? {
        // A listed document has content.
        let Some(json) = data else { continue };
        if page.documents.len() as u64 >= limit || bytes >= BYTES {
            page.next = page.documents.last().map(|(key, _)| key.clone());
            break;
        }
        decode::<P>(&source, &json)?;
        bytes += json.as_bytes().len();
        page.documents.push((key, json));
    }
    Ok(page)
}

fn encode<P: Projection>(document: &P) -> Result<Json> {
    Json::from_value(document).map_err(|source| Error::Encode {
        what: format!("the document of {} before its first event", P::NAME),
        source,
    })
}

/// Reads a document by the name of its projection; made by [`App::view_json`], runs when awaited.
#[must_use = "nothing is read before it is awaited"]
#[derive(Debug)]
pub struct ViewJson<'a> {
    app: &'a App,
    projection: String,
    key: Option<String>,
    asks: Asks,
}

impl<'a> ViewJson<'a> {
    pub(in crate::app) fn new(app: &'a App, projection: &str) -> Self {
        Self { app, projection: projection.to_owned(), key: None, asks: Asks::default() }
    }

    /// Names the document of a projection that has one for each key.
    pub fn key(mut self, key: impl Display) -> Self {
        self.key = Some(key.to_string());
        self
    }

    asks!(self => self.asks);

    async fn read(self) -> Result<Option<Json>> {
        let Self { app, projection, key, asks } = self;
        (runner(app, projection)?.read)(app, key, asks).await
    }
}

fn runner(app: &App, projection: String) -> Result<&Runner> {
    app.runner_named(&projection).ok_or_else(|| {
        let mut known: Vec<_> = app.0.runners.values().map(|one| one.build.name).collect();
        known.sort_unstable();
        let help = match known.len() {
            0 => "it was built without any that keeps documents".to_owned(),
            _ => format!("it has documents of {}", known.join(", ")),
        };
        Error::Unknown { what: "projection", name: projection, help }
    })
}

impl<'a> IntoFuture for ViewJson<'a> {
    type Output = Result<Option<Json>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.read())
    }
}

/// Lists documents by the name of their projection, a page at a time; made by [`App::views_json`],
/// runs when awaited.
#[must_use = "nothing is read before it is awaited"]
#[derive(Debug)]
pub struct ViewsJson<'a> {
    app: &'a App,
    projection: String,
    wanted: Wanted,
    asks: Asks,
}

/// A page of documents, by increasing key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DocumentsJson {
    /// The keys and the documents.
    pub documents: Vec<(String, Json)>,
    /// Behind which key the next page begins, where there is more.
    pub next: Option<String>,
}

impl<'a> ViewsJson<'a> {
    pub(in crate::app) fn new(app: &'a App, projection: &str) -> Self {
        let wanted = Wanted { prefix: String::new(), behind: None, limit: LIMIT };
        Self { app, projection: projection.to_owned(), wanted, asks: Asks::default() }
    }

    /// Lists only the documents whose key starts with this text.
    pub fn prefix(mut self, prefix: impl Display) -> Self {
        self.wanted.prefix = prefix.to_string();
        self
    }

    /// Begins behind this key.
    pub fn behind(mut self, key: impl Display) -> Self {
        self.wanted.behind = Some(key.to_string());
        self
    }

    /// Wants at most so many: 100 unless told otherwise, and never more than 1,000. A page of large
    /// documents ends earlier.
    pub fn limit(mut self, limit: u64) -> Self {
        self.wanted.limit = limit.min(MOST);
        self
    }

    asks!(self => self.asks);

    async fn read(self) -> Result<DocumentsJson> {
        let Self { app, projection, wanted, asks } = self;
        (runner(app, projection)?.list)(app, wanted, asks).await
    }
}

impl<'a> IntoFuture for ViewsJson<'a> {
    type Output = Result<DocumentsJson>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.read())
    }
}
