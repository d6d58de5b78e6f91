//! `sqlite:FILE`

use std::sync::Arc;

use crate::{
    Error, Result,
    store::{Sqlite, Store},
};

pub(super) async fn open(url: &str) -> Result<Arc<dyn Store>> {
    match url.trim_start_matches("sqlite:") {
        "" => Err(Error::Unknown {
            what: "store",
            name: url.to_owned(),
            help: "name a file, as in `sqlite:shop.db`".to_owned(),
        }),
        file => Ok(Arc::new(Sqlite::open(file).await?)),
    }
}
