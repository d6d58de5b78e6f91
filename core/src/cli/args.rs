//! The arguments, as clap reads them.

use clap::{Parser, Subcommand};

use super::{commands, out::Format};

/// What scripts may rest on.
const EXITS: &str = "\
Exit codes:
  0  done
  1  a fault was found, or nothing of what was asked for is there
  2  the arguments make no sense
  3  the store cannot be opened or reached, or it failed
  4  an import or export was refused: a damaged file, a store with other events,
     a payload that is no JSON
  5  a file or the output cannot be read or written

Where the reader of the output goes away, as with `| head`, the command ends with 0.";

/// Looks into a store of events, whatever program writes it.
#[derive(Debug, Parser)]
#[command(name = "actum", version, after_help = EXITS)]
pub(super) struct Args {
    /// The store: `sqlite:FILE` or `postgres://…`
    #[arg(long, global = true, value_name = "URL", env = "ACTUM_STORE", hide_env_values = true)]
    pub(super) store: Option<String>,
    /// How results are printed; `json` is one object a line
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// What to do
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The last events of the log, or all behind an id; `-f` follows it
    Log(commands::log::Log),
    /// The events of one stream
    Stream(commands::stream::Stream),
    /// One event with all that is known of it
    Event(commands::event::Event),
    /// All that belongs to one correlation, as a tree of causes with the times between
    Trace(commands::trace::Trace),
    /// The events that match, oldest first
    Search(commands::search::Search),
    /// Counts, sizes and rates of the whole log, by event and by aggregate
    Stats(commands::stats::Stats),
    /// Which versions of payloads are stored, and which streams the old ones are in
    Audit(commands::audit::Audit),
    /// The stored documents of projections
    Views(commands::views::Views),
    /// How far projections and reactions are, and who works on them
    Projections(commands::projections::Projections),
    /// What reactions have parked, and what becomes of it
    #[command(subcommand)]
    Parked(commands::parked::Parked),
    /// Checks the whole log and the snapshots; the first fault is told
    Verify(commands::verify::Verify),
    /// Writes the log as lines of JSON, with a checksum
    Export(commands::export::Export),
    /// Reads what `export` has written
    Import(commands::import::Import),
    /// Serves the inspector for a browser, read-only
    Inspect(commands::inspect::Inspect),
    /// Prints the completions for a shell
    Completions(commands::completions::Completions),
}
