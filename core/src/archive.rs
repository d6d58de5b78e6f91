#![doc = include_str!("docs/closing.md")]

use bytes::Bytes;

use crate::store::{BoxError, BoxFuture};

mod folder;
mod index;
#[cfg(feature = "archive")]
mod object;
mod text;
mod through;

pub use folder::Folder;
#[cfg(feature = "archive")]
pub use object::Objects;

pub(crate) use index::Index;
pub(crate) use text::{checksum, decode, encode, name};
pub(crate) use through::Through;

/// Keeps the events of closed streams.
///
/// [`Folder`] keeps files; with the feature `archive`, [`Objects`] keeps them in S3, Google Cloud
/// Storage, Azure and whatever else the crate `object_store` knows. One of your own needs two
/// methods:
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
///
/// use actum::{Archive, BoxError, store::BoxFuture};
/// use bytes::Bytes;
///
/// #[derive(Default)]
/// struct Drawer(Mutex<HashMap<String, Bytes>>);
///
/// impl Archive for Drawer {
///     fn put<'a>(&'a self, name: &'a str, text: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
///         Box::pin(async move {
///             self.0.lock().map_err(|_| "poisoned")?.insert(name.to_owned(), text);
///             Ok(())
///         })
///     }
///
///     fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BoxError>> {
///         Box::pin(async move { Ok(self.0.lock().map_err(|_| "poisoned")?.get(name).cloned()) })
///     }
/// }
/// ```
pub trait Archive: Send + Sync + 'static {
    /// Keeps a text under a name: all of it or nothing, and for good once this is answered.
    ///
    /// Names are made of ASCII letters, digits, `-`, `_`, `.`, `%` and one `/`. The same name is only
    /// ever used for the same text; put again, it may be kept again or left as it is.
    fn put<'a>(&'a self, name: &'a str, text: Bytes) -> BoxFuture<'a, Result<(), BoxError>>;

    /// The text that is kept under a name.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BoxError>>;
}
