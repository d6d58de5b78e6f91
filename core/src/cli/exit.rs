//! How a command ends, for people and for scripts.

use std::{io, process::ExitCode};

use super::plain;
use crate::{Error, error::told_once};

/// How a command that could do its work has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is well: 0.
    Done,
    /// It has found a fault, which it has printed: 1.
    Finding,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was asked for is not there: 1.
    Nothing(String),
    /// The arguments make no sense together: 2.
    Usage(String),
    /// The store cannot be opened, or it failed: 3.
    Store(Error),
    /// Something other than actum's file or stream of events was given, or it is damaged; or the
    /// store has other events than it: 4. Nothing was stored.
    Refused(String),
    /// A file cannot be read or written: 5.
    File {
        /// Which.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The output cannot be written: 5, or nobody reads it any more: 0.
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    pub(super) fn file(name: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let name = name.into();
        move |source| Self::File { name, source }
    }
}

/// Says on the standard error what went wrong, and gives the code to end with.
pub(super) fn told(outcome: Result<Exit, Failure>) -> ExitCode {
    let (code, text) = match outcome {
        Ok(Exit::Done) => return ExitCode::SUCCESS,
        Ok(Exit::Finding) => return ExitCode::from(1),
        // Whoever read the output has seen enough, as with `| head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(Failure::Nothing(text)) => (1, text),
        Err(Failure::Usage(text)) => (2, text),
        Err(Failure::Store(Error::Unknown { what, name, help })) => {
            (2, format!("there is no {what} `{name}`: {help}"))
        }
        Err(Failure::Store(error)) => (3, told_once(&error)),
        Err(Failure::Refused(text)) => (4, text),
        Err(Failure::File { name, source }) => (5, format!("{name}: {source}")),
        Err(Failure::Output(error)) => (5, format!("cannot write the output: {error}")),
    };
    eprintln!("actum: {}", plain::text(&text));
    ExitCode::from(code)
}
