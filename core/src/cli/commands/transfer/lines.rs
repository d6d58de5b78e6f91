//! Reads the lines of an export, and checks at the end that they are what was written.

use std::{
    borrow::Cow,
    io::{BufRead, Read},
};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{FORMAT, MARK, Trailer};
use crate::{
    Id, Json, Meta, StreamId, Version,
    cli::exit::Failure,
    store::{Batch, Expected, NewEvent},
};

/// How long a line may be: far more than any store takes as one event.
const LONGEST: u64 = 1 << 28;

/// The lines of a file, one by one. The end is only ever told of a file that is whole.
pub(in crate::cli) struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    hasher: blake3::Hasher,
    line: Vec<u8>,
    count: u64,
}

/// An event as it stands in a file.
#[derive(Debug)]
pub(in crate::cli) struct Entry {
    pub(in crate::cli) id: Id,
    pub(in crate::cli) stream: StreamId,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) event: NewEvent,
}

/// A line of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default = "one")]
    schema: u32,
    #[serde(borrow)]
    data: &'a RawValue,
    id: Id,
    stream: StreamId,
    version: Version,
    created: Timestamp,
    #[serde(borrow)]
    meta: &'a RawValue,
}

fn one() -> u32 {
    1
}

impl Lines {
    pub(super) fn new(name: String, reader: Box<dyn BufRead + Send>) -> Self {
        Self { name, reader, hasher: blake3::Hasher::new(), line: Vec::new(), count: 0 }
    }

    /// The next event; `None` at the end of a file that is whole.
    pub(in crate::cli) fn next(&mut self) -> Result<Option<Entry>, Failure> {
        self.read()?;
        if self.line.is_empty() {
            return Err(self.refused("it is cut off: its last line, with the checksum, is missing"));
        }
        if self.line.last() != Some(&b'\n') {
            return Err(self.refused("it is cut off in the middle of a line"));
        }
        if self.line.starts_with(MARK) {
            self.end()?;
            return Ok(None);
        }
        self.hasher.update(&self.line);
        self.count += 1;
        let entry = Entry::read(&self.line);
        entry.map(Some).map_err(|why| self.refused(&why))
    }

    fn read(&mut self) -> Result<(), Failure> {
        self.line.clear();
        let read = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut self.line);
        match read {
            Ok(_) if self.line.len() as u64 >= LONGEST => Err(self.refused("the line is too long")),
            Ok(_) => Ok(()),
            // What a decoder answers of a damaged file.
            Err(error) => Err(self.refused(&format!("it cannot be read: {error}"))),
        }
    }

    /// Checks the trailer, and that nothing comes behind it.
    fn end(&mut self) -> Result<(), Failure> {
        let trailer: Trailer = serde_json::from_slice(&self.line)
            .map_err(|error| self.refused(&format!("its last line is damaged: {error}")))?;
        if trailer.actum != "export" || trailer.format != FORMAT {
            return Err(self.refused("it was written by another version of actum"));
        }
        if trailer.events != self.count {
            let (wanted, found) = (trailer.events, self.count);
            return Err(self.refused(&format!("it should have {wanted} events and has {found}")));
        }
        let found = self.hasher.finalize().to_hex();
        if trailer.blake3 != found.as_str() {
            return Err(self.refused("its checksum is another: it was changed or damaged"));
        }
        self.read()?;
        if self.line.is_empty() { Ok(()) } else { Err(self.refused("more comes behind its end")) }
    }

    fn refused(&self, why: &str) -> Failure {
        let line = self.count + 1;
        Failure::Refused(format!("{}, line {line}: {why}", self.name))
    }
}

impl Entry {
    fn read(line: &[u8]) -> Result<Self, String> {
        let Line { name, schema, data, id, stream, version, created, meta } =
            serde_json::from_slice(line).map_err(|error| format!("this is no event: {error}"))?;
        let json = |raw: &RawValue| Json::from_stored(raw.get().as_bytes().to_vec());
        let (data, meta) = (json(data), Meta::from_stored(json(meta)));
        let event = NewEvent { name: name.into_owned().into(), schema, data, meta, created };
        // What no store takes is found before anything is stored.
        let batch = Batch::new(stream.clone(), Expected::Any, vec![event.clone()]);
        batch.check().map_err(|error| error.to_string())?;
        Ok(Self { id, stream, version, event })
    }
}
