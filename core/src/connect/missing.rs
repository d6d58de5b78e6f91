//! A store whose feature is not switched on.

use std::sync::Arc;

use crate::{Error, Result, store::Store};

#[expect(clippy::unused_async, reason = "as the stores that are there")]
pub(super) async fn open(url: &str) -> Result<Arc<dyn Store>> {
    let scheme = url.split(':').next().unwrap_or_default();
    Err(Error::Unknown {
        what: "store",
        name: scheme.to_owned(),
        help: format!("switch on the feature `{scheme}` of the crate `actum`"),
    })
}
