//! `actum export`: the log as a file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use super::transfer::{self, Compression, Encoder, Trailer};
use crate::{
    StreamId,
    cli::{
        bar,
        events::Events,
        exit::{Exit, Failure},
        out::Out,
    },
    store::{Query, Store},
};

/// Writes the log as lines of JSON, with a checksum.
#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// The file, or `-` for the standard output
    #[arg(default_value = "-")]
    file: String,
    /// How it is compressed; without it the ending of the name tells: `.gz`, `.zst`
    #[arg(long, value_enum)]
    compress: Option<Compression>,
    /// Only this stream
    #[arg(long, value_name = "STREAM")]
    stream: Option<StreamId>,
    /// Only streams of this aggregate; several are alternatives
    #[arg(long, value_name = "AGGREGATE")]
    category: Vec<String>,
    /// Replaces a file that is there
    #[arg(long)]
    force: bool,
}

/// What was written, as JSON.
#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    events: u64,
    blake3: &'a str,
}

impl Export {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let compression = self.compress.unwrap_or_else(|| Compression::of(&self.file));
        if self.file == "-" {
            let encoder = Encoder::new(compression, io::stdout().lock())?;
            let failed = |error| Failure::Output(error);
            let (_, mut stdout) = self.write(store, encoder, failed).await?;
            stdout.flush()?;
            return Ok(Exit::Done);
        }
        let path = Path::new(&self.file);
        let failed = |error| Failure::file(&*self.file)(error);
        if !self.force && path.exists() {
            return Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)));
        }
        // The name is only ever that of a whole file.
        let part = Part(PathBuf::from(format!("{}.part", self.file)));
        let file = File::create(&part.0).map_err(failed)?;
        let encoder = Encoder::new(compression, file).map_err(failed)?;
        let (trailer, file) = self.write(store, encoder, failed).await?;
        file.sync_all().map_err(failed)?;
        fs::rename(&part.0, path).map_err(failed)?;
        let (events, blake3) = (trailer.events, &*trailer.blake3);
        if out.is_json() {
            out.json(&Report { file: &self.file, events, blake3 })?;
        } else {
            let text = format!("{events} events in {}, BLAKE3 {blake3}", self.file);
            out.line(&crate::cli::plain::text(&text))?;
        }
        Ok(Exit::Done)
    }

    async fn write<W: Write>(
        &self,
        store: &dyn Store,
        mut encoder: Encoder<W>,
        failed: impl Fn(io::Error) -> Failure,
    ) -> Result<(Trailer, W), Failure> {
        let head = store.head().await?;
        let mut query = Query::all().to_id(head);
        query.stream.clone_from(&self.stream);
        query.categories.clone_from(&self.category);
        let (mut line, mut hasher, mut count) = (Vec::new(), blake3::Hasher::new(), 0);
        let mut events = Events::new(store, query, &[]);
        let bar = bar::new(head.0, "export", "ids");
        while let Some(event) = events.next().await? {
            transfer::write(&mut line, &event)?;
            hasher.update(&line);
            encoder.write_all(&line).map_err(&failed)?;
            count += 1;
            if count % 1024 == 0 {
                bar.set_position(event.id.0);
            }
        }
        bar.finish_and_clear();
        let trailer = Trailer::new(count, &hasher);
        encoder.write_all(&trailer.line()?).map_err(&failed)?;
        Ok((trailer, encoder.finish().map_err(&failed)?))
    }
}

/// A file under way, which goes unless it gets its name.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It has its name by now, or is of no use to anybody.
        let _ = fs::remove_file(&self.0);
    }
}
