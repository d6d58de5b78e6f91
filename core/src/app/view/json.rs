//! Documents by the name of their projection, for callers that have no types: HTTP, inspector.

use std::{fmt::Display, future::IntoFuture};

use super::{Asks, View, asks, decode};
use crate::{App, Error, Id, Json, Projection, Result, store::BoxFuture};

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
        let Some(runner) = app.runner_named(&projection) else {
            let mut known: Vec<_> = app.0.runners.values().map(|one| one.build.name).collect();
            known.sort_unstable();
            let help = match known.len() {
                0 => "it was built without any that keeps documents".to_owned(),
                _ => format!("it has documents of {}", known.join(", ")),
            };
            return Err(Error::Unknown { what: "projection", name: projection, help });
        };
        (runner.read)(app, key, asks).await
    }
}

impl<'a> IntoFuture for ViewJson<'a> {
    type Output = Result<Option<Json>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.read())
    }
}
