//! What all parts of the store share: names, the connections that read, prepared statements.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use deadpool_postgres::{
    Client, Pool,
    tokio_postgres::{self, Row, Statement, types::ToSql},
};

use crate::{
    Error, Id, Result,
    store::postgres::{failure, names::Names},
};

/// What all parts of the store share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) names: Names,
    readers: Pool,
    lenders: Pool,
    /// The highest head that was found: what was settled once stays settled.
    head: AtomicU64,
    /// SQL with the names put in.
    texts: Mutex<HashMap<&'static str, Arc<str>>>,
}

impl Shared {
    pub(super) fn new(names: Names, readers: Pool, lenders: Pool) -> Self {
        Self { names, readers, lenders, head: AtomicU64::new(0), texts: Mutex::default() }
    }

    /// Puts the names into a text, once.
    pub(super) fn sql(&self, text: &'static str) -> Arc<str> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(texts.entry(text).or_insert_with(|| self.names.sql(text).into()))
    }

    pub(super) async fn client(&self, action: &'static str) -> Result<Client> {
        self.readers.get().await.map_err(|source| failure::to(action, Box::new(source)))
    }

    /// A connection whose transactions are lent to projections.
    pub(super) async fn lender(&self, action: &'static str) -> Result<Client> {
        self.lenders.get().await.map_err(|source| failure::to(action, Box::new(source)))
    }

    /// Runs one statement, prepared once for each connection.
    pub(super) async fn query(
        &self,
        action: &'static str,
        text: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        let failed = |source| failure::to(action, Box::new(source));
        let client = self.client(action).await?;
        let statement: Statement = client.prepare_cached(&self.sql(text)).await.map_err(failed)?;
        client.query(&statement, parameters).await.map_err(failed)
    }

    /// As [`query`](Self::query), for a statement that gives at most one row.
    pub(super) async fn find(
        &self,
        action: &'static str,
        text: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>> {
        Ok(self.query(action, text, parameters).await?.into_iter().next())
    }

    /// Takes a head that was found, and gives the highest so far.
    pub(super) fn settled(&self, head: Id) -> Id {
        Id(self.head.fetch_max(head.0, Ordering::AcqRel).max(head.0))
    }

    /// The highest head so far.
    pub(super) fn known(&self) -> Id {
        Id(self.head.load(Ordering::Acquire))
    }
}

/// A row without the column it should have.
pub(super) fn malformed(action: &'static str) -> impl Fn(tokio_postgres::Error) -> Error {
    move |source| failure::to(action, Box::new(source))
}
