//! The file of an export: an event a line, then a trailer with their number and their checksum.
//!
//! The checksum is the BLAKE3 hash of all bytes before the trailer, uncompressed, line ends included.

use serde::{Deserialize, Serialize};

use crate::{Committed, cli::exit::Failure};

mod codec;
mod lines;
mod source;

pub(super) use codec::{Compression, Encoder};
pub(super) use lines::{Entry, Lines};
pub(super) use source::Source;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// What a trailer begins with; no event does.
const MARK: &[u8] = b"{\"actum\":";

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trailer {
    /// What this is: `export`.
    actum: String,
    format: u32,
    pub(super) events: u64,
    pub(super) blake3: String,
}

impl Trailer {
    pub(super) fn new(events: u64, hasher: &blake3::Hasher) -> Self {
        let blake3 = hasher.finalize().to_hex().to_string();
        Self { actum: "export".to_owned(), format: FORMAT, events, blake3 }
    }

    pub(super) fn line(&self) -> Result<Vec<u8>, Failure> {
        let mut line = serde_json::to_vec(self).map_err(|error| refused(&error))?;
        line.push(b'\n');
        Ok(line)
    }
}

/// Writes an event as its line.
pub(super) fn write(line: &mut Vec<u8>, event: &Committed) -> Result<(), Failure> {
    line.clear();
    serde_json::to_writer(&mut *line, event).map_err(|error| {
        Failure::Refused(format!(
            "event {}, version {} of `{}`, cannot be written as JSON: {error}; `actum verify` \
             tells more",
            event.id, event.version, event.stream
        ))
    })?;
    on_one_line(line);
    line.push(b'\n');
    Ok(())
}

/// JSON has line breaks between its tokens only, where a blank means the same.
pub(super) fn on_one_line(json: &mut [u8]) {
    for byte in json.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

fn refused(error: &serde_json::Error) -> Failure {
    Failure::Refused(error.to_string())
}
