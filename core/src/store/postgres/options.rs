//! How to connect: schema, prefix, sizes, the name that the server shows.

use std::sync::Arc;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod};

use crate::{
    Result,
    store::postgres::{
        Postgres, address::Address, appender::Appender, failure, listen::Listener, migrate,
        names::Names, shared::Shared,
    },
};

/// What each session is set to: what the order of the log and the plans of its queries rest on.
const SESSION: &str = include_str!("sql/session.sql");

/// What each session is set to whose transactions are lent to SQL projections.
const LENT: &str = include_str!("sql/lent.sql");

/// How many SQL projections may be at work at once; a connection is opened when it is needed.
const LENDERS: usize = 16;

/// How to connect to PostgreSQL; made by [`Postgres::options`].
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `connect`"]
pub struct PostgresOptions {
    names: Names,
    application: String,
    readers: usize,
    writers: usize,
    migrate: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            names: Names { schema: "actum".to_owned(), prefix: String::new() },
            application: "actum".to_owned(),
            readers: 8,
            writers: 4,
            migrate: true,
        }
    }
}

impl PostgresOptions {
    /// The schema of the log's tables; `actum` unless set here or in the URL (`?schema=…`). Each
    /// schema is a log of its own.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.names.schema = schema.into();
        self
    }

    /// What the names of the log's tables begin with; nothing unless set here or in the URL
    /// (`?prefix=…`).
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.names.prefix = prefix.into();
        self
    }

    /// What the server shows as the name of the application, unless the URL names it.
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// How many connections read, and write views, snapshots and leases; 8 unless set.
    pub fn readers(mut self, connections: usize) -> Self {
        self.readers = connections.max(1);
        self
    }

    /// How many connections append; 4 unless set. What queues up behind a call that is under way
    /// leaves as one call, over another connection if it is much or the first one takes long.
    pub fn writers(mut self, connections: usize) -> Self {
        self.writers = connections.max(1);
        self
    }

    /// Leaves the tables as they are: for a role that may not create any.
    pub fn without_migrations(mut self) -> Self {
        self.migrate = false;
        self
    }

    /// Connects, and brings the log's tables into being unless told otherwise.
    ///
    /// # Errors
    ///
    /// The URL, the schema or the prefix makes no sense, the server cannot be reached, is not
    /// PostgreSQL 14 to 18, is a standby, or the log is of a newer actum.
    pub async fn connect(mut self, url: &str) -> Result<Postgres> {
        let mut address = Address::parse(url)?;
        self.names.schema = address.schema.take().unwrap_or(self.names.schema);
        self.names.prefix = address.prefix.take().unwrap_or(self.names.prefix);
        self.names.check()?;
        if address.config.get_application_name().is_none() {
            address.config.application_name(&self.application);
        }
        let tls = address.trust.connector()?;
        let pool = |connections, session: &'static str| {
            let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            let manager = Manager::from_config(address.config.clone(), tls.clone(), recycling);
            let session =
                Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
                    Box::pin(async move {
                        client.batch_execute(session).await.map_err(HookError::Backend)
                    })
                });
            Pool::builder(manager)
                .max_size(connections)
                .post_create(session)
                .build()
                .map_err(|source| failure::to("set up the connections", Box::new(source)))
        };
        let (readers, writers) = (pool(self.readers, SESSION)?, pool(self.writers, SESSION)?);
        let lenders = pool(LENDERS, LENT)?;
        let mut client =
            readers.get().await.map_err(|source| failure::to("connect", Box::new(source)))?;
        if self.migrate {
            migrate::run(&mut client, &self.names).await?;
        } else {
            migrate::verify(&mut client, &self.names).await?;
        }
        drop(client);
        let shared = Arc::new(Shared::new(self.names, readers, lenders));
        let listener = Listener::start(&shared, address.config, tls);
        let appender = Appender::start(&shared, writers, self.writers, listener.news());
        Ok(Postgres::new(shared, appender, listener))
    }
}
