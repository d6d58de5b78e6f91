//! `actum copy`: a log into another store, and foreign logs into a store.

use std::{cell::Cell, path::Path, sync::Arc};

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use crate::{
    Error, InvalidStream, StreamId,
    cli::{
        bar,
        exit::{Exit, Failure},
        open::{self, Need},
        out::Out,
        plain,
    },
    store::{Memory, Store},
    transfer::{self, Foreign, Progress, Report, Transfer},
};

/// Copies a log into another store.
#[derive(Debug, Args)]
pub(in crate::cli) struct Copy {
    /// The store to copy from: `sqlite:FILE` or `postgres://…`
    from: String,
    /// The store to copy into; a file or schema that is not there is made
    to: String,
    #[command(flatten)]
    rules: Rules,
    /// What reactions make of the copied events
    #[arg(long, value_enum, default_value_t = Reactions::Continue)]
    reactions: Reactions,
}

/// What becomes of the events.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rules {
    /// Whether ids are kept, which needs an empty store, or given anew
    #[arg(long, value_enum, default_value_t = Ids::Remap)]
    ids: Ids,
    /// Another name for a stream, as in `Cart-1=Cart-2`, or for all of an aggregate, as in `Basket=Cart`
    #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
    rename: Vec<(String, String)>,
    /// Lets streams that get one name become one
    #[arg(long)]
    merge: bool,
    /// A reaction that is to count all copied events as handled
    #[arg(long, value_name = "REACTION")]
    seen_by: Vec<String>,
    /// Tells what would be copied and what is in the way, and stores nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ids {
    /// Those of the source
    Keep,
    /// The next ones of the target
    Remap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reactions {
    /// They go on where they stood
    Continue,
    /// They begin with the first event
    Again,
}

fn renaming(text: &str) -> Result<(String, String), String> {
    let (old, new) =
        text.split_once('=').ok_or("it has no `=` between the old and the new name")?;
    if old.contains('-') != new.contains('-') {
        return Err("both must be streams, as `Cart-1`, or both aggregates, as `Cart`".to_owned());
    }
    Ok((old.to_owned(), new.to_owned()))
}

impl Copy {
    pub(in crate::cli) async fn run(&self, out: &mut Out) -> Result<Exit, Failure> {
        let from = open::open(Some(&self.from), Need::There).await?;
        let missing = open::sqlite(&self.to).is_some_and(|file| !Path::new(file).exists());
        let to: Arc<dyn Store> = match self.rules.dry_run {
            true if missing => Arc::new(Memory::new()),
            true => open::open(Some(&self.to), Need::There).await?,
            false => open::open(Some(&self.to), Need::Made).await?,
        };
        let reactions = match self.reactions {
            Reactions::Continue => transfer::Reactions::Continue,
            Reactions::Again => transfer::Reactions::Again,
        };
        let copy = transfer::copy(&from, &to).named(open_name(&self.from)).reactions(reactions);
        self.rules.run(copy, out).await
    }
}

/// Imports a foreign log.
pub(in crate::cli) async fn foreign(
    foreign: &Foreign,
    to: &dyn Store,
    rules: &Rules,
    out: &mut Out,
) -> Result<Exit, Failure> {
    rules.run(transfer::import(foreign, to), out).await
}

impl Rules {
    pub(in crate::cli) const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Whether nothing is asked for but a dry run.
    pub(in crate::cli) fn is_plain(&self) -> bool {
        let Self { ids, rename, merge, seen_by, dry_run: _ } = self;
        *ids == Ids::Remap && rename.is_empty() && !merge && seen_by.is_empty()
    }

    async fn run(&self, mut copy: Transfer<'_>, out: &mut Out) -> Result<Exit, Failure> {
        let bars = std::sync::Mutex::new(Cell::new(None::<(&'static str, ProgressBar)>));
        copy = copy
            .ids(match self.ids {
                Ids::Keep => transfer::Ids::Keep,
                Ids::Remap => transfer::Ids::Remap,
            })
            .rename(|stream| self.renamed(stream))
            .progress(move |progress| show(&bars, progress));
        for reaction in &self.seen_by {
            copy = copy.seen_by(reaction);
        }
        if self.merge {
            copy = copy.merge();
        }
        let report = if self.dry_run { copy.dry_run().await } else { copy.await };
        tell(out, &report.map_err(failure)?)
    }

    fn renamed(&self, stream: &StreamId) -> Result<StreamId, InvalidStream> {
        for (old, new) in &self.rename {
            if stream.as_str() == old {
                return new.parse();
            }
            if stream.category() == old {
                return StreamId::new(new, stream.id());
            }
        }
        Ok(stream.clone())
    }
}

/// What cannot be copied is refused; all else is the store's failure.
fn failure(error: Error) -> Failure {
    match error {
        Error::Transfer(_) | Error::InvalidBatch { .. } | Error::Unsupported { .. } => {
            Failure::Refused(crate::error::told_once(&error))
        }
        error => Failure::Store(error),
    }
}

fn show(bars: &std::sync::Mutex<Cell<Option<(&'static str, ProgressBar)>>>, progress: Progress) {
    let Ok(bars) = bars.lock() else { return };
    let (step, bar) = match bars.take() {
        Some((step, bar)) if step == progress.step => (step, bar),
        before => {
            if let Some((_, bar)) = before {
                bar.finish_and_clear();
            }
            (progress.step, bar::new(progress.of, progress.step, "ids"))
        }
    };
    bar.set_position(progress.at);
    if progress.of > 0 && progress.at >= progress.of {
        bar.finish_and_clear();
    }
    bars.set(Some((step, bar)));
}

/// A URL without the name and the password of a user.
fn open_name(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            let place = rest.split('?').next().unwrap_or_default();
            format!("{scheme}://{place}")
        }
        None => url.to_owned(),
    }
}

fn tell(out: &mut Out, report: &Report) -> Result<Exit, Failure> {
    let free = report.collisions.is_empty();
    let exit = if free { Exit::Done } else { Exit::Finding };
    if out.is_json() {
        out.json(report)?;
        return Ok(exit);
    }
    let Report { events, copied, already, dropped, streams, .. } = report;
    let did = if report.dry_run { "would be copied" } else { "are copied" };
    out.line(&format!(
        "{events} events read: {copied} of {} streams {did}, {already} were there already, \
         {dropped} are dropped",
        streams.len()
    ))?;
    for (name, count) in &report.names {
        out.line(&format!("{count:>9}  {}", plain::text(name)))?;
    }
    for (old, new) in report.renamed.iter().take(SHOWN) {
        let (old, new) = (plain::text(old.as_str()), plain::text(new.as_str()));
        out.line(&format!("{old} becomes {new}"))?;
    }
    more(out, report.renamed.len(), "renamed streams")?;
    if report.keys > 0 {
        let (keys, renamed) = (report.keys, report.keys_of_renamed);
        out.line(&format!("{keys} keys are kept, {renamed} of them for streams of another name"))?;
    }
    if report.lost_references > 0 {
        let lost = report.lost_references;
        out.line(&format!("{lost} places name an event that is not in the copy"))?;
    }
    for one in &report.reactions {
        let name = plain::text(&one.name);
        let (timers, lanes) = (one.timers, one.lanes);
        out.line(&match (report.dry_run, one.to.0) {
            (true, _) => format!("the reaction {name} stands at {}", one.from),
            (false, 0) => format!("the reaction {name} begins with the first event"),
            (false, to) => format!(
                "the reaction {name} goes on behind {to}, with {timers} timers and {lanes} streams \
                 set aside"
            ),
        })?;
    }
    for view in &report.projections_anew {
        out.line(&format!("{} is built anew when an app starts", plain::text(view)))?;
    }
    for collision in report.collisions.iter().take(SHOWN) {
        out.line(&format!("in the way: {}", plain::text(&collision.to_string())))?;
    }
    more(out, report.collisions.len(), "that are in the way")?;
    Ok(exit)
}

/// How many of a kind are shown.
const SHOWN: usize = 20;

fn more(out: &mut Out, count: usize, what: &str) -> Result<(), Failure> {
    if count <= SHOWN {
        return Ok(());
    }
    out.line(&format!("… and {} more {what}; `--format json` tells all", count - SHOWN))
}
