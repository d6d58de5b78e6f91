//! Picks a store by its URL, so that a program can run on any without change.

use std::sync::Arc;

use crate::{
    Error, Result,
    store::{Memory, Store},
};

#[cfg(not(all(feature = "nats", feature = "postgres", feature = "sqlite")))]
mod missing;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(not(feature = "nats"))]
use missing as nats;
#[cfg(not(feature = "postgres"))]
use missing as postgres;
#[cfg(not(feature = "sqlite"))]
use missing as sqlite;

/// Opens the store that a URL names: `memory`, `sqlite:FILE`, `postgres://…` or
/// `nats://…`.
///
/// A URL of PostgreSQL may name the log's place as well, as in
/// `postgres://app@db.example/shop?schema=orders&prefix=eu_`.
///
/// # Errors
///
/// [`Error::Unknown`] for another scheme, or one whose feature is not switched on; what the store
/// answers when it cannot be opened.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), actum::Error> {
/// let store = actum::connect("memory").await?;
/// let app = actum::App::new(store).start().await?;
/// # drop(app);
/// # Ok(()) }
/// ```
pub async fn connect(url: &str) -> Result<Arc<dyn Store>> {
    match url.split_once(':').map_or(url, |(scheme, _)| scheme) {
        "memory" => Ok(Arc::new(Memory::new())),
        "nats" | "tls" => nats::open(url).await,
        "sqlite" => sqlite::open(url).await,
        "postgres" | "postgresql" => postgres::open(url).await,
        scheme => Err(Error::Unknown {
            what: "store",
            name: scheme.to_owned(),
            help: "known are `memory`, `sqlite:FILE`, `postgres://…` and `nats://…`".to_owned(),
        }),
    }
}
