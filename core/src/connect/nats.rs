//! `nats://…`

use std::sync::Arc;

use crate::{
    Result,
    store::{Nats, Store},
};

pub(super) async fn open(url: &str) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(Nats::connect(url).await?))
}
