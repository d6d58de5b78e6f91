//! `actum views`: the documents of projections.

use clap::Args;
use console::Style;
use serde::Serialize;
use serde_json::value::RawValue;

use super::event::pretty;
use crate::{
    Json,
    cli::{
        builds::{self, Build, Kind, State},
        exit::{Exit, Failure},
        out::Out,
        plain,
        table::Table,
    },
    store::{Document, Store, ViewId},
};

/// How many documents are read at a time.
const PAGE: u64 = 128;

/// The stored documents of projections.
#[derive(Debug, Args)]
pub(in crate::cli) struct Views {
    /// The projection whose documents are printed; without it the projections are listed
    name: Option<String>,
    /// The key of the one document wanted
    #[arg(requires = "name")]
    key: Option<String>,
    /// The version of the projection, instead of the one that serves
    #[arg(long, requires = "name", value_name = "VERSION")]
    build: Option<u32>,
    /// Only documents whose key begins so
    #[arg(long, requires = "name", value_name = "TEXT", conflicts_with = "key")]
    prefix: Option<String>,
    /// At most so many documents
    #[arg(short = 'n', long, requires = "name", value_name = "COUNT")]
    limit: Option<u64>,
    /// Counts the documents of each, which reads them all
    #[arg(long, conflicts_with = "name")]
    count: bool,
}

impl Views {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let mut builds = builds::all(store).await?;
        builds.retain(|build| build.kind == Kind::Projection);
        let Some(name) = &self.name else { return self.list(store, out, &builds).await };
        let build = builds
            .iter()
            .filter(|build| build.name == *name)
            .filter(|build| self.build.is_none_or(|version| build.version == version))
            .max_by_key(|build| (build.state == State::Serves, build.version))
            .ok_or_else(|| Failure::Nothing(format!("nothing is stored of the view `{name}`")))?;
        match &self.key {
            Some(key) => one(store, out, build, key).await,
            None => self.all(store, out, build).await,
        }
    }

    async fn list(
        &self,
        store: &dyn Store,
        out: &mut Out,
        builds: &[Build],
    ) -> Result<Exit, Failure> {
        let heads: &[_] = if self.count {
            &["VIEW", ">VERSION", "STATE", ">PARTS", ">CHECKPOINT", ">DOCUMENTS"]
        } else {
            &["VIEW", ">VERSION", "STATE", ">PARTS", ">CHECKPOINT"]
        };
        let mut table = Table::new(heads);
        for build in builds {
            let mut documents = None;
            if self.count {
                let mut count = 0_u64;
                for view in &build.views {
                    count += each(store, view, "", u64::MAX, |_| Ok(())).await?;
                }
                documents = Some(count);
            }
            if out.is_json() {
                out.json(&Row {
                    name: &build.name,
                    version: build.version,
                    state: build.state.as_str(),
                    parts: build.views.len(),
                    checkpoint: build.checkpoint.0,
                    documents,
                })?;
            }
            let cells = [
                build.name.clone(),
                build.version.to_string(),
                build.state.as_str().to_owned(),
                build.views.len().to_string(),
                build.checkpoint.to_string(),
            ];
            table.row(cells.into_iter().chain(documents.map(|count| count.to_string())));
        }
        if !out.is_json() {
            table.print(out)?;
        }
        Ok(Exit::Done)
    }

    async fn all(&self, store: &dyn Store, out: &mut Out, build: &Build) -> Result<Exit, Failure> {
        let (mut count, most) = (0, self.limit.unwrap_or(u64::MAX));
        let prefix = self.prefix.as_deref().unwrap_or_default();
        for view in &build.views {
            count += each(store, view, prefix, most - count, |document| {
                document.data.as_ref().map_or(Ok(()), |data| print(out, &document.key, data))
            })
            .await?;
        }
        Ok(if count == 0 && most > 0 { Exit::Finding } else { Exit::Done })
    }
}

/// Prints the document of a key, whichever part has it.
async fn one(store: &dyn Store, out: &mut Out, build: &Build, key: &str) -> Result<Exit, Failure> {
    for view in &build.views {
        if let (_, Some(data)) = store.document(view, key).await? {
            if out.is_json() {
                print(out, key, &data)?;
            } else {
                pretty(out, &data)?;
            }
            return Ok(Exit::Done);
        }
    }
    Err(Failure::Nothing(format!("the view `{}` has no document `{key}`", build.name)))
}

/// Goes through the documents of a view; how many there were.
async fn each(
    store: &dyn Store,
    view: &ViewId,
    prefix: &str,
    most: u64,
    mut take: impl FnMut(&Document) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let (mut count, mut after) = (0, None::<String>);
    while count < most {
        let page = store.documents(view, prefix, after.as_deref(), PAGE.min(most - count)).await?;
        count += page.len() as u64;
        page.iter().try_for_each(&mut take)?;
        match page.into_iter().last() {
            Some(last) => after = Some(last.key),
            None => break,
        }
    }
    Ok(count)
}

fn print(out: &mut Out, key: &str, data: &Json) -> Result<(), Failure> {
    if out.is_json() {
        return match data.decode::<Box<RawValue>>() {
            Ok(data) => out.json(&Line { key, data: Some(data), error: None }),
            Err(error) => out.json(&Line { key, data: None, error: Some(error.to_string()) }),
        };
    }
    let key = if key.is_empty() { "(the only one)" } else { key };
    let key = out.styled(&Style::new().cyan(), &plain::text(key));
    out.line(&format!("{key}  {}", plain::json(data.as_str())))
}

/// One view as JSON.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    version: u32,
    state: &'static str,
    parts: usize,
    checkpoint: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<u64>,
}

/// One document as JSON.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}
