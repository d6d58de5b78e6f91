//! Opens the store that is named, without bringing one into being where none is wanted.

use std::{path::Path, sync::Arc};

use super::exit::Failure;
use crate::store::{Postgres, Sqlite, Store};

/// What the command needs of the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It must be there.
    There,
    /// It is made if it is not there.
    Made,
}

/// Opens a store by its URL.
pub(super) async fn open(url: Option<&str>, need: Need) -> Result<Arc<dyn Store>, Failure> {
    let Some(url) = url.filter(|url| !url.is_empty()) else {
        let help = "name a store by `--store URL` or the variable ACTUM_STORE, as in \
                    `--store sqlite:shop.db` or `--store postgres://…`";
        return Err(Failure::Usage(help.to_owned()));
    };
    if need == Need::Made {
        return Ok(crate::connect(url).await?);
    }
    if let Some(file) = sqlite(url) {
        if !Path::new(file).exists() {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(Failure::Store(crate::Error::Store {
                store: "SQLite",
                action: format!("open {file}"),
                source: source.into(),
            }));
        }
        return Ok(Arc::new(Sqlite::open(file).await?));
    }
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let options = Postgres::options().application("actum").without_migrations();
        return Ok(Arc::new(options.connect(url).await?));
    }
    Ok(crate::connect(url).await?)
}

/// The file that a URL names, as `connect` reads it.
pub(super) fn sqlite(url: &str) -> Option<&str> {
    let file = url.starts_with("sqlite:").then(|| url.trim_start_matches("sqlite:"))?;
    (!file.is_empty()).then_some(file)
}
