//! The register of a projection's builds: which versions there are, and which of them serve.
//!
//! A build is one version of the fold over one number of partitions; each has documents and
//! checkpoints of its own. The first build of a projection serves from the start; a later one
//! serves once each of its partitions has caught up with the log. That is one commit on the
//! register, so all processes swap at once, and a crash leaves either the old or the new.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Id, Json, Result,
    store::{Document, Store, ViewCommit, ViewId},
};

#[cfg(feature = "cli")]
mod part;

#[cfg(feature = "cli")]
pub(crate) use part::part;

/// The version under which the register is kept: those of a fold begin at 1.
const REGISTER: u32 = 0;

/// One partition's part in a build.
#[derive(Clone)]
pub(crate) struct Build {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) partitions: u32,
    /// Whether it serves, as far as this process knows; shared by all its partitions here.
    pub(crate) serves: Arc<AtomicBool>,
}

/// All builds of a projection, as stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Register {
    pub(crate) builds: Vec<Entry>,
}

/// One build, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) version: u32,
    pub(crate) partitions: u32,
    /// How often it was begun anew.
    #[serde(default)]
    begun: u64,
    /// Which partitions have caught up with the log since.
    reached: Vec<u32>,
}

impl Build {
    pub(crate) fn new(
        store: &Arc<dyn Store>,
        name: &'static str,
        version: u32,
        partitions: u32,
    ) -> Self {
        let (store, serves) = (Arc::clone(store), Arc::default());
        Self { store, name, version, partitions, serves }
    }

    /// Where a partition keeps its documents and its checkpoint.
    pub(crate) fn view(&self, partition: u32) -> ViewId {
        view(self.name, self.version, self.partitions, partition)
    }

    /// Whether it is known to serve.
    pub(crate) fn serves(&self) -> bool {
        self.serves.load(Relaxed)
    }

    /// Whether it serves, according to the store.
    pub(crate) async fn look(&self) -> Result<bool> {
        let (_, register) = self.read().await?;
        let serves = register.serves(self);
        self.serves.store(serves, Relaxed);
        Ok(serves)
    }

    /// How often it was begun anew; a worker asks before it reads its documents. Who asks first
    /// puts the build on the register: the first build of all serves from then on.
    pub(crate) async fn begun(&self) -> Result<u64> {
        let is_known = |register: &Register| register.builds.iter().any(|entry| entry.is(self));
        self.update(|register| {
            if !is_known(register) {
                let serves = register.serves(self);
                let every = if serves { 0..self.partitions } else { 0..0 };
                register.entry(self).reached = every.collect();
            }
        })
        .await?;
        let (_, register) = self.read().await?;
        self.serves.store(register.serves(self), Relaxed);
        Ok(register.builds.iter().find(|entry| entry.is(self)).map_or(0, |entry| entry.begun))
    }

    /// Notes that a partition has caught up; the last one makes the build serve. Nothing is noted
    /// when the build has begun anew since the worker read its documents.
    pub(crate) async fn reached(&self, partition: u32, begun: u64) -> Result<()> {
        self.update(|register| {
            let entry = register.entry(self);
            if entry.begun == begun && !entry.reached.contains(&partition) {
                entry.reached.push(partition);
            }
        })
        .await?;
        if self.look().await? {
            let (name, version) = (self.name, self.version);
            tracing::info!(projection = name, version, "the projection has caught up and serves");
        }
        Ok(())
    }

    /// Takes back that it has caught up.
    pub(crate) async fn begins_anew(&self) -> Result<()> {
        self.update(|register| {
            let entry = register.entry(self);
            entry.begun += 1;
            entry.reached.clear();
        })
        .await?;
        self.serves.store(false, Relaxed);
        Ok(())
    }

    /// The newest other build that serves.
    pub(crate) async fn older(&self) -> Result<Option<Entry>> {
        let (_, register) = self.read().await?;
        let others = register.builds.into_iter();
        let others = others.filter(|entry| !entry.is(self) && entry.version <= self.version);
        Ok(others.filter(Entry::is_complete).max_by_key(|entry| entry.version))
    }

    /// The builds that this one has replaced.
    pub(crate) async fn replaced(&self) -> Result<Vec<Entry>> {
        let (_, register) = self.read().await?;
        let others = register.builds.into_iter().filter(|entry| !entry.is(self));
        Ok(others.filter(|entry| entry.version <= self.version).collect())
    }

    /// Takes a build off the register.
    pub(crate) async fn forget(&self, gone: &Entry) -> Result<()> {
        let same =
            |entry: &Entry| (entry.version, entry.partitions) == (gone.version, gone.partitions);
        self.update(|register| register.builds.retain(|entry| !same(entry))).await
    }

    fn register(&self) -> ViewId {
        ViewId { name: self.name.into(), version: REGISTER }
    }

    async fn read(&self) -> Result<(Id, Register)> {
        let view = self.register();
        let (at, document) = self.store.document(&view, "").await?;
        let register = document.map(|json| json.decode()).transpose();
        let register =
            register.map_err(|source| Error::Document { view: view.to_string(), source })?;
        Ok((at, register.unwrap_or_default()))
    }

    /// Changes the register; when another process was faster, on top of what it did.
    async fn update(&self, change: impl Fn(&mut Register)) -> Result<()> {
        loop {
            let (from, before) = self.read().await?;
            let mut register = before.clone();
            change(&mut register);
            if register == before {
                return Ok(());
            }
            let data = Json::from_value(&register).map_err(|source| Error::Encode {
                what: format!("the register of the projection {}", self.name),
                source,
            })?;
            let documents = vec![Document { key: String::new(), data: Some(data) }];
            let view = self.register();
            let commit = ViewCommit { view, from, to: from.next(), documents, lease: None };
            match self.store.commit(commit).await {
                Err(Error::Stale { .. }) => {}
                done => return done,
            }
        }
    }
}

impl Register {
    /// A build serves when all of it has caught up, or when it is the first.
    fn serves(&self, build: &Build) -> bool {
        match self.builds.iter().find(|entry| entry.is(build)) {
            Some(entry) => entry.is_complete(),
            None => !self.builds.iter().any(Entry::is_complete),
        }
    }

    fn entry(&mut self, build: &Build) -> &mut Entry {
        let at = self.builds.iter().position(|entry| entry.is(build));
        let at = at.unwrap_or_else(|| {
            let Build { version, partitions, .. } = *build;
            self.builds.push(Entry { version, partitions, begun: 0, reached: Vec::new() });
            self.builds.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed just before")]
        &mut self.builds[at]
    }
}

impl Entry {
    fn is(&self, build: &Build) -> bool {
        (self.version, self.partitions) == (build.version, build.partitions)
    }

    pub(crate) fn is_complete(&self) -> bool {
        (0..self.partitions).all(|partition| self.reached.contains(&partition))
    }

    /// Where its partitions keep what they have.
    pub(crate) fn views(&self, name: &'static str) -> impl Iterator<Item = ViewId> {
        let Self { version, partitions, .. } = *self;
        (0..partitions).map(move |partition| view(name, version, partitions, partition))
    }
}

/// Where a partition of a build keeps its documents and its checkpoint; `part` reads its name.
pub(crate) fn view(name: &'static str, version: u32, partitions: u32, partition: u32) -> ViewId {
    let name = match partitions {
        0 | 1 => Cow::Borrowed(name),
        _ => Cow::Owned(format!("{name}#{partition}/{partitions}")),
    };
    ViewId { name, version }
}
