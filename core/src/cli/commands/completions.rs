//! `actum completions`: what a shell needs to complete the arguments.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::{
    args,
    exit::{Exit, Failure},
    out::Out,
};

/// Prints the completions for a shell.
#[derive(Debug, Args)]
pub(in crate::cli) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(in crate::cli) fn run(&self, out: &mut Out) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut args::Args::command(), "actum", &mut script);
        out.line(String::from_utf8_lossy(&script).trim_end())?;
        Ok(Exit::Done)
    }
}
