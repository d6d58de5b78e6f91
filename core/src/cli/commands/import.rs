//! `actum import`: stores what an export holds, all of it or nothing that does not fit.
//!
//! The file is read whole and checked before anything is stored, then compared with what the store
//! has of its streams. What is stored is appended in the order of the file, each event on top of the
//! version before it; so a second run goes on where the first was interrupted, and stores nothing
//! twice.

use std::{collections::HashMap, path::Path};

use clap::Args;
use serde::Serialize;

use super::{
    copy::Rules,
    transfer::{Lines, Source},
};
use crate::{
    StreamId, Version,
    cli::{
        bar,
        exit::{Exit, Failure},
        open::{self, Need},
        out::Out,
    },
};

mod compare;
mod foreign;
mod put;

use compare::Known;

/// Reads what `export` has written.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The file, or `-` for the standard input
    #[arg(default_value = "-")]
    file: String,
    /// Reads what another program wrote: a line of JSON for each event, with `name`, `data`,
    /// `stream`, `created` and `meta`
    #[arg(long)]
    foreign: bool,
    #[command(flatten)]
    rules: Rules,
}

/// What a file holds.
#[derive(Debug, Default)]
struct Survey {
    events: u64,
    streams: HashMap<StreamId, Known>,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// In the file.
    events: u64,
    streams: usize,
    /// Those that the store had before.
    already: u64,
    stored: u64,
    /// Of those that were stored, those whose id is another than in the file.
    other_ids: u64,
    dry_run: bool,
}

impl Import {
    pub(in crate::cli) async fn run(
        &self,
        url: Option<&str>,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        if self.foreign {
            return self.foreign(url, out).await;
        }
        let dry_run = self.rules.is_dry_run();
        if !self.rules.is_plain() {
            let why =
                "`--rename`, `--merge`, `--ids` and `--seen-by` need `--foreign`, or `actum copy`";
            return Err(Failure::Usage(why.to_owned()));
        }
        let source = Source::open(&self.file)?;
        let mut survey = survey(source.lines()?)?;
        let missing = url.and_then(open::sqlite).is_some_and(|file| !Path::new(file).exists());
        let store = if dry_run && missing {
            None
        } else {
            let need = if dry_run { Need::There } else { Need::Made };
            Some(open::open(url, need).await?)
        };
        let mut already = 0;
        if let Some(store) = &store {
            already = compare::compare(&**store, &source, &mut survey).await?;
        }
        let mut report = Report {
            events: survey.events,
            streams: survey.streams.len(),
            already,
            stored: survey.events - already,
            other_ids: 0,
            dry_run,
        };
        if let Some(store) = store.filter(|_| !dry_run) {
            report.other_ids = put::put(&*store, &source, &survey, already).await?;
        }
        tell(out, &report)?;
        Ok(Exit::Done)
    }
}

/// Reads the whole file, and checks what can be checked without the store.
fn survey(mut lines: Lines) -> Result<Survey, Failure> {
    let mut survey = Survey::default();
    let bar = bar::new(0, "checking", "events");
    let mut last = crate::Id(0);
    while let Some(entry) = lines.next()? {
        let refused = |why: String| {
            let (stream, version) = (&entry.stream, entry.version);
            Failure::Refused(format!("version {version} of `{stream}` {why}; nothing was stored"))
        };
        if entry.id <= last {
            return Err(refused(format!("has the id {}, behind the id {last}", entry.id)));
        }
        last = entry.id;
        let known = match survey.streams.get_mut(&entry.stream) {
            Some(known) => known,
            None => survey.streams.entry(entry.stream.clone()).or_default(),
        };
        if entry.version != known.in_file.next() {
            return Err(refused(match known.in_file {
                Version(0) => "is the first of its stream in the file: export whole streams".into(),
                before => format!("follows version {before}"),
            }));
        }
        known.in_file = entry.version;
        survey.events += 1;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(survey)
}

fn tell(out: &mut Out, report: &Report) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(report);
    }
    let Report { events, streams, already, stored, other_ids, dry_run } = report;
    let did = if *dry_run { "would be stored" } else { "stored" };
    out.line(&format!(
        "{events} events of {streams} streams: {stored} {did}, {already} were there already"
    ))?;
    if *dry_run || *stored == 0 {
        return Ok(());
    }
    out.line("events only: an app's reactions will run for all of them, as if for the first time")?;
    if *other_ids == 0 {
        return out.line("every id is that of the file");
    }
    out.line(&format!(
        "{other_ids} events have other ids than in the file; what their meta data says of causes, \
         as in `Ship#42`, still means the ids of the file"
    ))
}
