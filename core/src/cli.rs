#![doc = include_str!("docs/cli.md")]

use std::process::ExitCode;

mod args;
mod bar;
mod builds;
mod commands;
mod events;
mod exit;
mod filter;
mod open;
mod out;
mod plain;
mod pretty;
mod table;

use args::Args;
use out::Out;

/// Runs the command line with the arguments of this process; the exit code is the one to end with.
///
/// The binary `actum` is nothing but this call. A program of your own that wants a store's command
/// line under another name needs no more either.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     actum::cli::main()
/// }
/// ```
pub fn main() -> ExitCode {
    let args = match <Args as clap::Parser>::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` are no errors; where they cannot be printed, nobody reads.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = Out::to_stdout(args.format);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::told(Err(exit::Failure::Output(error))),
    };
    let outcome = runtime.block_on(commands::run(args, &mut out));
    let outcome = outcome.and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    exit::told(outcome)
}
