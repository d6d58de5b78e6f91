//! `actum parked`: what reactions have set aside, and what becomes of it.
//!
//! What is asked for is stored as a request, which the process that runs the reaction carries out:
//! within about a second if there is one, else when one starts.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    Id, ParkedStream, ParkedWhat, StreamId, Timestamp, Version,
    app::{Edit, ask_parked, list_parked},
    cli::{
        builds::{self, Kind},
        exit::{Exit, Failure},
        out::Out,
        table::Table,
    },
    store::Store,
};

/// What reactions have parked.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Parked {
    /// Lists what is parked
    List(List),
    /// Has it tried once more; if that fails too, it stays parked
    Retry(Which),
    /// Leaves out what failed and goes on with the events behind it
    Skip(Which),
    /// Has it tried as if for the first time, as often as at first
    Unpark(Which),
}

/// Lists what is parked.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only what this reaction has parked
    #[arg(long, value_name = "NAME")]
    reaction: Option<String>,
}

/// Which of what is parked.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    /// The stream
    #[arg(required_unless_present = "all")]
    stream: Option<StreamId>,
    /// Every stream that is parked
    #[arg(long, conflicts_with = "stream")]
    all: bool,
    /// Only where this reaction has parked it
    #[arg(long, value_name = "NAME")]
    reaction: Option<String>,
}

impl Parked {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run(store, out).await,
            Self::Retry(which) => which.ask(store, out, Edit::Retry, "retry").await,
            Self::Skip(which) => which.ask(store, out, Edit::Skip, "skip").await,
            Self::Unpark(which) => which.ask(store, out, Edit::Unpark, "unpark").await,
        }
    }
}

impl List {
    async fn run(&self, store: &dyn Store, out: &mut Out) -> Result<Exit, Failure> {
        let heads = ["REACTION", "STREAM", "EVENT", ">ID", ">TRIES", "SINCE", "ERROR"];
        let mut table = Table::new(&heads);
        for reaction in reactions(store, self.reaction.as_deref()).await? {
            for parked in list_parked(store, &reaction).await? {
                if out.is_json() {
                    out.json(&Line::new(&reaction, &parked))?;
                }
                table.row([
                    reaction.clone(),
                    parked.stream.to_string(),
                    what(&parked.what),
                    parked.event.to_string(),
                    parked.attempts.to_string(),
                    format!("{:.0}", parked.since),
                    parked.error.clone(),
                ]);
            }
        }
        if !out.is_json() {
            table.print(out)?;
        }
        Ok(Exit::Done)
    }
}

impl Which {
    async fn ask(
        &self,
        store: &dyn Store,
        out: &mut Out,
        edit: Edit,
        name: &'static str,
    ) -> Result<Exit, Failure> {
        let mut count = 0;
        for reaction in reactions(store, self.reaction.as_deref()).await? {
            let mut streams: Vec<_> =
                list_parked(store, &reaction).await?.into_iter().map(|it| it.stream).collect();
            streams.dedup();
            streams.retain(|stream| self.all || self.stream.as_ref() == Some(stream));
            for stream in streams {
                let requests = ask_parked(store, &reaction, &stream, edit).await?;
                count += requests;
                if out.is_json() {
                    let (reaction, stream) = (&*reaction, &stream);
                    out.json(&Asked { asked: name, reaction, stream, requests })?;
                } else if requests > 0 {
                    let text = format!("{name}: {stream} of {reaction} ({requests} asked for)");
                    out.line(&crate::cli::plain::text(&text))?;
                }
            }
        }
        if count == 0 {
            let stream = self.stream.as_ref().map(|stream| format!(" of `{stream}`"));
            let text = format!("nothing{} is parked", stream.unwrap_or_default());
            return Err(Failure::Nothing(text));
        }
        Ok(Exit::Done)
    }
}

/// The reactions that the store knows, or the one that is named.
async fn reactions(store: &dyn Store, only: Option<&str>) -> Result<Vec<String>, Failure> {
    let builds = builds::all(store).await?.into_iter();
    let reactions = builds.filter(|build| build.kind == Kind::Reaction).map(|build| build.name);
    let reactions: Vec<_> = reactions.filter(|name| only.is_none_or(|only| only == name)).collect();
    match only {
        Some(only) if reactions.is_empty() => {
            Err(Failure::Nothing(format!("no reaction `{only}` has run on this store")))
        }
        _ => Ok(reactions),
    }
}

fn what(what: &ParkedWhat) -> String {
    match what {
        ParkedWhat::Event { name, version } => format!("{name} v{version}"),
        ParkedWhat::Timer { action, of, ordinal } => format!("timer {ordinal}: {action} of {of}"),
    }
}

/// What is parked, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    reaction: &'a str,
    stream: &'a StreamId,
    event: Id,
    #[serde(flatten)]
    what: What<'a>,
    attempts: u32,
    error: &'a str,
    since: Timestamp,
}

/// What failed, as JSON.
#[derive(Serialize)]
#[serde(tag = "what", rename_all = "lowercase")]
enum What<'a> {
    Event { name: &'a str, version: Version },
    Timer { action: &'a str, of: &'a StreamId, ordinal: u32 },
}

impl<'a> Line<'a> {
    fn new(reaction: &'a str, parked: &'a ParkedStream) -> Self {
        let ParkedStream { stream, what, event, attempts, error, since } = parked;
        let what = match what {
            ParkedWhat::Event { name, version } => What::Event { name, version: *version },
            ParkedWhat::Timer { action, of, ordinal } => {
                What::Timer { action, of, ordinal: *ordinal }
            }
        };
        let (event, attempts, since) = (*event, *attempts, *since);
        Self { reaction, stream, event, what, attempts, error, since }
    }
}

/// What was asked for, as JSON.
#[derive(Serialize)]
struct Asked<'a> {
    asked: &'static str,
    reaction: &'a str,
    stream: &'a StreamId,
    requests: usize,
}
