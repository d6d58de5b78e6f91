//! `postgres://…`

use std::sync::Arc;

use crate::{
    Result,
    store::{Postgres, Store},
};

pub(super) async fn open(url: &str) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(Postgres::connect(url).await?))
}
