//! Where a command's result goes: tables for people, JSON lines for programs.

use std::io::{self, BufWriter, Stdout, Write};

use clap::ValueEnum;
use console::{Style, Term};
use serde::Serialize;

use super::{exit::Failure, plain};

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// One JSON object a line.
    Json,
}

/// The output of a command.
pub(super) struct Out {
    pub(super) format: Format,
    /// How wide the terminal is, where there is one.
    pub(super) width: Option<usize>,
    colours: bool,
    writer: BufWriter<Stdout>,
}

impl Out {
    pub(super) fn to_stdout(format: Format) -> Self {
        let term = Term::stdout();
        let is_terminal = term.is_term();
        let width = is_terminal.then(|| usize::from(term.size().1).max(40));
        let colours = is_terminal && term.features().colors_supported();
        Self { format, width, colours, writer: BufWriter::new(io::stdout()) }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// One line of text, already harmless.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.writer.write_all(line.as_bytes())?;
        self.writer.write_all(b"\n")?;
        Ok(())
    }

    /// One JSON value as a line.
    pub(super) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        let json = serde_json::to_string(value)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.line(&plain::json(&json))
    }

    /// Text in a style, where the output is a terminal that wants colours.
    pub(super) fn styled(&self, style: &Style, text: &str) -> String {
        if self.colours {
            style.clone().force_styling(true).apply_to(text).to_string()
        } else {
            text.to_owned()
        }
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }
}
