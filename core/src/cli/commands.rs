//! The commands: one file each.

use super::{
    args::{Args, Command},
    exit::{Exit, Failure},
    open::{Need, open},
    out::Out,
};

pub(super) mod audit;
pub(super) mod completions;
pub(super) mod event;
pub(super) mod export;
pub(super) mod import;
pub(super) mod inspect;
pub(super) mod log;
pub(super) mod parked;
pub(super) mod projections;
pub(super) mod search;
pub(super) mod stats;
pub(super) mod stream;
pub(super) mod trace;
pub(super) mod transfer;
pub(super) mod verify;
pub(super) mod views;

/// Does what is asked for.
pub(super) async fn run(args: Args, out: &mut Out) -> Result<Exit, Failure> {
    let url = args.store.as_deref();
    let store = match &args.command {
        Command::Completions(command) => return command.run(out),
        Command::Import(command) => return command.run(url, out).await,
        _ => open(url, Need::There).await?,
    };
    match args.command {
        Command::Log(command) => command.run(store, out).await,
        Command::Stream(command) => command.run(&*store, out).await,
        Command::Event(command) => command.run(&*store, out).await,
        Command::Trace(command) => command.run(&*store, out).await,
        Command::Search(command) => command.run(&*store, out).await,
        Command::Stats(command) => command.run(&*store, out).await,
        Command::Audit(command) => command.run(&*store, out).await,
        Command::Views(command) => command.run(&*store, out).await,
        Command::Projections(command) => command.run(&*store, out).await,
        Command::Parked(command) => command.run(&*store, out).await,
        Command::Verify(command) => command.run(&*store, out).await,
        Command::Export(command) => command.run(&*store, out).await,
        Command::Inspect(command) => command.run(store, out).await,
        Command::Import(_) | Command::Completions(_) => Ok(Exit::Done),
    }
}
