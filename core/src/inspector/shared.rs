//! What all requests share: where the data comes from, who may do what, what is under way.

use std::sync::Arc;

use tokio::sync::{OnceCell, Semaphore};

use super::{access::Access, guard::Hosts, projection::Watched};
use crate::{App, Result, store::Store};

/// How many pages may follow the log at the same time.
const TAILS: usize = 64;

pub(super) struct Shared {
    pub(super) source: Source,
    pub(super) access: Access,
    pub(super) hosts: Hosts,
    pub(super) tails: Arc<Semaphore>,
    pub(super) watched: Watched,
}

impl Shared {
    pub(super) fn new(source: Source, access: Access, hosts: Hosts) -> Self {
        let tails = Arc::new(Semaphore::new(TAILS));
        Self { source, access, hosts, tails, watched: Watched::default() }
    }
}

/// An app, or a store that an app without types is started on when it is first asked.
#[derive(Debug)]
pub(super) enum Source {
    App(App),
    Store(Bare, OnceCell<App>),
}

pub(super) struct Bare(Arc<dyn Store>);

impl Source {
    pub(super) fn of_store(store: Arc<dyn Store>) -> Self {
        Self::Store(Bare(store), OnceCell::new())
    }

    /// Whether the types are known.
    pub(super) fn is_typed(&self) -> bool {
        matches!(self, Self::App(_))
    }

    pub(super) async fn app(&self) -> Result<&App> {
        match self {
            Self::App(app) => Ok(app),
            Self::Store(Bare(store), app) => {
                app.get_or_try_init(async || App::new(Arc::clone(store)).start().await).await
            }
        }
    }
}

impl std::fmt::Debug for Bare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}
