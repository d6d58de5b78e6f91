//! What an import reads, several times over: a file, or a copy of what comes only once.

use std::{
    fs::File,
    io::{self, BufRead, Seek, SeekFrom},
};

use super::{codec, lines::Lines};
use crate::cli::exit::Failure;

/// A file that can be read from its beginning again.
#[derive(Debug)]
pub(in crate::cli) struct Source {
    name: String,
    file: File,
}

impl Source {
    /// Opens a file, or the standard input for `-`.
    pub(in crate::cli) fn open(name: &str) -> Result<Self, Failure> {
        let failed = || Failure::file(name);
        if name == "-" {
            return Ok(Self {
                name: "the standard input".to_owned(),
                file: copy(&mut io::stdin().lock()).map_err(failed())?,
            });
        }
        let mut file = File::open(name).map_err(failed())?;
        // A pipe has a name as well, as in `import <(zcat …)`.
        if !file.metadata().map_err(failed())?.is_file() {
            file = copy(&mut file).map_err(failed())?;
        }
        Ok(Self { name: name.to_owned(), file })
    }

    /// Reads it from the beginning; one reader at a time.
    pub(in crate::cli) fn lines(&self) -> Result<Lines, Failure> {
        let reader = self.reader().map_err(Failure::file(self.name.clone()))?;
        Ok(Lines::new(self.name.clone(), reader))
    }

    /// Its bytes from the beginning, uncompressed; one reader at a time.
    pub(in crate::cli) fn reader(&self) -> io::Result<Box<dyn BufRead + Send>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        codec::decoder(file)
    }
}

fn copy(reader: &mut impl io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(reader, &mut file)?;
    Ok(file)
}
