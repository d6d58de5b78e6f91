//! A log that another program wrote: a line of JSON for each event.

use std::{
    borrow::Cow,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::PathBuf,
    sync::Arc,
};

use futures_util::stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Committed, Id, Json, Meta, Result, StreamId, Version,
    clock::whole_microseconds,
    store::{Batch, Expected, NewEvent, Pages},
    transfer::Fault,
};

/// How long a line may be: far more than any store takes as one event.
const LONGEST: u64 = 1 << 28;

/// How much is read at a time.
const EVENTS: usize = 256;
const BYTES: usize = 1 << 20;

type Open = dyn Fn() -> io::Result<Box<dyn BufRead + Send>> + Send + Sync;

/// A log that another program wrote, one JSON object a line:
/// `{"name":…,"data":…,"stream":…,"created":…,"meta":{…}}`.
///
/// `meta` may be left out, and `schema` may be there. Where the first line has an `id`, every line
/// must, in increasing order, and `meta.causation` may name events by it; a `version` is not looked
/// at, since versions follow the order of the lines. Any other field is refused, so that nothing is
/// lost in silence. Empty lines are passed over.
pub struct Foreign {
    name: String,
    open: Arc<Open>,
}

/// A line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    schema: Option<u32>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default)]
    id: Option<Id>,
    stream: StreamId,
    #[serde(default, rename = "version")]
    _version: Option<Version>,
    created: Timestamp,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

/// The lines of a log, from the first on.
struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
    last: Id,
    /// Whether the lines have ids; known after the first.
    ids: Option<bool>,
}

impl Foreign {
    /// A file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self::new(path.display().to_string(), move || {
            Ok(Box::new(BufReader::new(File::open(&path)?)))
        })
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        let text: Arc<str> = text.into().into();
        Self::new("the text", move || {
            Ok(Box::new(Cursor::new(Arc::<[u8]>::from(Arc::clone(&text)))))
        })
    }

    /// Anything that can be read from its beginning several times over; the name is for errors.
    pub fn new(
        name: impl Into<String>,
        open: impl Fn() -> io::Result<Box<dyn BufRead + Send>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), open: Arc::new(open) }
    }

    /// What it is called in errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the lines have ids.
    pub(super) fn has_ids(&self) -> Result<bool> {
        let mut lines = self.lines()?;
        lines.next()?;
        Ok(lines.ids == Some(true))
    }

    pub(super) fn read(&self) -> Pages {
        match self.lines() {
            Err(fault) => Box::pin(stream::once(async { Err(fault.into()) })),
            Ok(lines) => Box::pin(stream::unfold(Some(lines), |lines| async move {
                let mut lines = lines?;
                match lines.page() {
                    Ok(page) if page.is_empty() => None,
                    Ok(page) => Some((Ok(page), Some(lines))),
                    Err(fault) => Some((Err(fault.into()), None)),
                }
            })),
        }
    }

    fn lines(&self) -> Result<Lines, Fault> {
        let name = self.name.clone();
        let reader = (self.open)().map_err(|error| Fault::Line {
            file: name.clone(),
            line: 1,
            why: format!("it cannot be read: {error}"),
        })?;
        Ok(Lines { name, reader, line: Vec::new(), number: 0, last: Id(0), ids: None })
    }
}

impl Lines {
    fn page(&mut self) -> Result<Vec<Committed>, Fault> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        while page.len() < EVENTS && bytes < BYTES {
            let Some(event) = self.next()? else { break };
            bytes += event.data.as_bytes().len() + event.meta.json().as_bytes().len();
            page.push(event);
        }
        Ok(page)
    }

    fn next(&mut self) -> Result<Option<Committed>, Fault> {
        loop {
            self.line.clear();
            self.number += 1;
            let read = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut self.line);
            match read {
                Ok(0) => return Ok(None),
                Ok(_) if self.line.len() as u64 >= LONGEST => {
                    return Err(self.refused("the line is too long"));
                }
                Ok(_) if self.line.trim_ascii().is_empty() => {}
                Ok(_) => break,
                Err(error) => return Err(self.refused(&format!("it cannot be read: {error}"))),
            }
        }
        let event = event(&self.line).map_err(|why| self.refused(&why))?;
        let has_id = event.id > Id(0);
        if *self.ids.get_or_insert(has_id) != has_id {
            return Err(self.refused("some lines have an `id`, and some have none"));
        }
        let id = if has_id { event.id } else { Id(self.number) };
        if id <= self.last {
            let last = self.last;
            return Err(self.refused(&format!("the id {id} is not behind the id {last} before it")));
        }
        self.last = id;
        Ok(Some(Committed { id, ..event }))
    }

    fn refused(&self, why: &str) -> Fault {
        Fault::Line { file: self.name.clone(), line: self.number, why: why.to_owned() }
    }
}

/// Reads a line; an event without an id has the id 0.
fn event(line: &[u8]) -> Result<Committed, String> {
    if line.starts_with(b"{\"actum\":") {
        let why = "this is the end of what `actum export` wrote: import it as that, not as foreign";
        return Err(why.to_owned());
    }
    let read = serde_json::from_slice::<Line<'_>>(line);
    let Line { name, schema, data, id, stream, created, meta, .. } =
        read.map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => format!("the line is cut off: {error}"),
            _ => format!("this is no event: {error}"),
        })?;
    if id == Some(Id(0)) {
        return Err("the id 0 is no event's".to_owned());
    }
    let json = |raw: &RawValue| Json::from_stored(raw.get().as_bytes().to_vec());
    let meta = match meta {
        Some(meta) if meta.get().starts_with('{') => Meta::from_stored(json(meta)),
        Some(_) => return Err("its `meta` is no object".to_owned()),
        None => Meta::default(),
    };
    let (data, created) = (json(data), whole_microseconds(created));
    let (name, schema) = (name.into_owned(), schema.unwrap_or(1));
    let new = NewEvent {
        name: name.clone().into(),
        schema,
        data: data.clone(),
        meta: meta.clone(),
        created,
    };
    // What no store takes is found with its line.
    let batch = Batch::new(stream.clone(), Expected::Any, vec![new]);
    batch.check().map_err(|error| error.to_string())?;
    let (id, version) = (id.unwrap_or_default(), Version(0));
    Ok(Committed { name: name.into(), schema, data, id, stream, version, created, meta })
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("name", &self.name).finish_non_exhaustive()
    }
}
