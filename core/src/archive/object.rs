//! An archive in an object store.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{Error, ObjectStore, ObjectStoreExt, path::Path};

use crate::{
    Archive,
    store::{BoxError, BoxFuture},
};

/// Keeps objects: in S3, Google Cloud Storage, Azure, or whatever else `object_store` knows.
///
/// ```
/// use actum::archive::Objects;
/// use object_store::{memory::InMemory, prefix::PrefixStore};
///
/// let archive = Objects::new(PrefixStore::new(InMemory::new(), "shop/closed"));
/// # let _ = archive;
/// ```
#[derive(Clone, Debug)]
pub struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    /// An archive in this object store.
    pub fn new(store: impl ObjectStore) -> Self {
        Self(Arc::new(store))
    }
}

impl Archive for Objects {
    fn put<'a>(&'a self, name: &'a str, text: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.0.put(&Path::parse(name)?, text.into()).await?;
            Ok(())
        })
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BoxError>> {
        Box::pin(async move {
            match self.0.get(&Path::parse(name)?).await {
                Ok(found) => Ok(Some(found.bytes().await?)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }
}
