//! `actum audit`: which versions of payloads are stored.
//!
//! Without the program's types nobody knows which version it writes now; the highest that the log
//! has of an event is taken for it.

use clap::Args;

use crate::{
    audit::{self, AuditedVersion, STREAMS, Standing},
    cli::{
        bar,
        exit::{Exit, Failure},
        out::Out,
        table::Table,
    },
    store::Store,
};

/// Which versions of payloads are stored, and which streams the old ones are in.
#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    /// At most so many streams are named for each version
    #[arg(long, value_name = "COUNT", default_value_t = STREAMS)]
    streams: usize,
}

impl Audit {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let head = store.head().await?;
        let bar = bar::new(head.0, "reading", "ids");
        let seen = |id: crate::Id| {
            if id.0.is_multiple_of(1024) {
                bar.set_position(id.0);
            }
        };
        let newest = |_: &str, _: &str, highest| Some(highest);
        let found = audit::audit(store, self.streams, newest, seen).await?;
        bar.finish_and_clear();
        if out.is_json() {
            for version in &found.versions {
                out.json(version)?;
            }
        } else {
            print(out, &found.versions)?;
        }
        Ok(Exit::Done)
    }
}

fn print(out: &mut Out, versions: &[AuditedVersion]) -> Result<(), Failure> {
    let heads = ["AGGREGATE", "EVENT", ">VERSION", "STANDING", ">EVENTS", ">FIRST", ">LAST"];
    let mut table = Table::new(&heads);
    for one in versions {
        let standing = if one.standing == Standing::Newest { "newest" } else { "old" };
        table.row([
            one.aggregate.clone(),
            one.name.clone(),
            one.schema.to_string(),
            standing.to_owned(),
            one.events.to_string(),
            one.first.to_string(),
            one.last.to_string(),
        ]);
    }
    table.print(out)?;
    let old: Vec<_> = versions.iter().filter(|one| one.standing == Standing::Old).collect();
    if old.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut table = Table::new(&["STREAM", "EVENT", ">VERSION", ">EVENTS", ">FIRST"]);
    for one in old {
        let row = |stream: String, events: u64, first: String| {
            [stream, one.name.clone(), one.schema.to_string(), events.to_string(), first]
        };
        for stream in &one.streams {
            table.row(row(stream.stream.to_string(), stream.events, stream.first.to_string()));
        }
        if one.elsewhere > 0 {
            table.row(row("(others)".to_owned(), one.elsewhere, String::new()));
        }
    }
    table.print(out)
}
