//! An app whose events carry a hash chain, and that signs its log.

use std::{sync::Arc, time::Duration};

use crate::{
    App, Builder, Error, Result,
    chain::{self, Chained, Head, Key, PublicKey, Verified},
    store::Store,
};

/// How often the log is signed.
const EVERY: Duration = Duration::from_mins(1);

/// Signs the log of an app.
struct Sealer {
    store: Chained,
    key: Key,
}

impl Builder {
    /// Has every event carry the hash of itself and of the one before it in its stream, and signs
    /// the log once a minute and at the shutdown; see [`chain`].
    ///
    /// All apps that append to the store need this, with the same key. A log that has events
    /// already is chained from here on.
    #[must_use]
    pub fn chained(self, key: Key) -> Self {
        self.layered(move |under, tasks| {
            let store = Chained::over(under);
            let work = chain::keep_sealing(store.clone(), key.clone(), EVERY, tasks.stopping());
            tasks.spawn(work);
            let layer: Arc<dyn Store> = Arc::new(store.clone());
            (layer, Arc::new(Sealer { store, key }))
        })
    }
}

impl App {
    /// Signs what has been appended since the last time, now; the new head, or `None` when nothing
    /// has.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for an app that was not built with [`chained`](Builder::chained); what the
    /// store answers.
    pub async fn seal(&self) -> Result<Option<Head>> {
        let sealer = self.0.layer.as_ref().and_then(|layer| layer.downcast_ref::<Sealer>());
        let sealer = sealer.ok_or_else(|| Error::Unknown {
            what: "key",
            name: "of a hash chain".to_owned(),
            help: "add `.chained(key)` where the app is built".to_owned(),
        })?;
        let _inside = self.0.gate.enter()?;
        chain::seal(&sealer.store, &sealer.key).await
    }

    /// Goes through the log and finds the first event that was edited, removed, inserted or moved.
    ///
    /// It takes the public half of the key alone, and reads what is archived from the archive.
    ///
    /// # Errors
    ///
    /// What the store or the archive answers.
    pub async fn verify_chain(&self, key: &PublicKey) -> Result<Verified> {
        chain::check(&*self.0.store, key).await
    }
}
