//! An archive of files in a folder.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use uuid::Uuid;

use crate::{
    Archive,
    store::{BoxError, BoxFuture},
};

/// Keeps files in a folder, one for each closed stream; the folder is created when it is needed.
///
/// A file is written beside its place, flushed to the disk, and then moved there: it is whole or it
/// is not there.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An archive in this folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Archive for Folder {
    fn put<'a>(&'a self, name: &'a str, text: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        let path = self.0.join(name);
        Box::pin(async move { Ok(tokio::task::spawn_blocking(move || put(&path, &text)).await??) })
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BoxError>> {
        let path = self.0.join(name);
        Box::pin(async move { Ok(tokio::task::spawn_blocking(move || get(&path)).await??) })
    }
}

fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.part", Uuid::now_v7()));
    let written = write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // The failure is the answer; what cannot be removed either is not read by anyone.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    // The names as well must last: that of the file, and that of its folder.
    for folder in folder.ancestors().take(2).filter(|folder| !folder.as_os_str().is_empty()) {
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text)?;
    file.sync_all()
}

fn get(path: &Path) -> io::Result<Option<Bytes>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
