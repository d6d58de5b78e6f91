//! The keys of personal values in a table of their own, best in another database than the log.

use std::fmt;

use deadpool_postgres::{
    Client, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod,
    tokio_postgres::{Row, types::ToSql},
};

use super::{
    address::Address,
    failure,
    names::Names,
    value::{number, stored},
};
use crate::{
    Result,
    privacy::{KeyState, Keys, StoredKey, Subject},
    store::BoxFuture,
};

/// How many connections are open at most.
const CONNECTIONS: usize = 4;

const SESSION: &str = include_str!("sql/session.sql");

/// The keys of personal values in a PostgreSQL table; clones share the connections.
///
/// The URL is as that of [`Postgres::connect`](crate::store::Postgres::connect), and names schema
/// and prefix of the table `subjectkeys`. Let it be another database than that of the log, with
/// backups of its own that do not live long: what was forgotten comes back with an old one.
///
/// A key that is deleted is vacuumed away at once, as far as no open transaction may still see it.
/// Bytes of it may remain in free space and in the server's write-ahead log until they are reused.
/// They are wrapped: rotating the envelope key and destroying the former one ends them for good.
#[derive(Clone)]
pub struct PostgresKeys {
    pool: Pool,
    names: Names,
}

impl PostgresKeys {
    /// Connects, and creates the table if there is none.
    ///
    /// # Errors
    ///
    /// The URL, the schema or the prefix makes no sense, or the server cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut address = Address::parse(url)?;
        let names = Names {
            schema: address.schema.take().unwrap_or_else(|| "actum".to_owned()),
            prefix: address.prefix.take().unwrap_or_default(),
        };
        names.check()?;
        let tls = address.trust.connector()?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config, tls, recycling);
        let session = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
            Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .post_create(session)
            .build()
            .map_err(|source| failure::to("set up the connections", Box::new(source)))?;
        let keys = Self { pool, names };
        keys.create().await?;
        Ok(keys)
    }

    /// Creates schema and table; several processes may try at once.
    async fn create(&self) -> Result<()> {
        let action = "create the table of the keys";
        let failed = |source| failure::to(action, Box::new(source));
        let mut client = self.client(action).await?;
        let found = "select to_regclass($1) is not null";
        let table = self.names.sql("@subjectkeys");
        let row = client.query_one(found, &[&table]).await.map_err(failed)?;
        if row.try_get(0).map_err(failed)? {
            return Ok(());
        }
        let transaction = client.transaction().await.map_err(failed)?;
        let sql = self.names.sql(include_str!("sql/keys.sql"));
        let sql = sql
            .replace("$schema", &format!("\"{}\"", self.names.schema))
            .replace("$untold", &format!("\"{}untold\"", self.names.prefix));
        transaction.batch_execute(&sql).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn client(&self, action: &'static str) -> Result<Client> {
        self.pool.get().await.map_err(|source| failure::to(action, Box::new(source)))
    }

    async fn query(
        &self,
        action: &'static str,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<StoredKey>> {
        let failed = |source| failure::to(action, Box::new(source));
        let client = self.client(action).await?;
        let sql = format!(
            "select subject, generation, envelope, wrapped, told from {} where {sql}",
            self.names.sql("@subjectkeys")
        );
        let statement = client.prepare_cached(&sql).await.map_err(failed)?;
        let rows = client.query(&statement, parameters).await.map_err(failed)?;
        rows.iter().map(|row| key(action, row)).collect()
    }

    async fn change(&self, before: Option<&StoredKey>, after: &StoredKey) -> Result<bool> {
        let action = "replace a key";
        let failed = |source| failure::to(action, Box::new(source));
        let client = self.client(action).await?;
        let (subject, generation) = (after.subject.as_str(), number(after.generation));
        let (envelope, wrapped, told) = parts(&after.state);
        let Some(before) = before else {
            let sql = self.names.sql(
                "insert into @subjectkeys (subject, generation, envelope, wrapped, told)
                    values ($1, $2, $3, $4, $5) on conflict do nothing",
            );
            let statement = client.prepare_cached(&sql).await.map_err(failed)?;
            let new: [&(dyn ToSql + Sync); 5] = [&subject, &generation, &envelope, &wrapped, &told];
            return Ok(client.execute(&statement, &new).await.map_err(failed)? == 1);
        };
        let sql = self.names.sql(
            "update @subjectkeys
                set generation = $2, envelope = $3, wrapped = $4, told = $5
                where subject = $1 and generation = $6 and envelope is not distinct from $7
                    and wrapped is not distinct from $8 and told = $9",
        );
        let statement = client.prepare_cached(&sql).await.map_err(failed)?;
        let was = number(before.generation);
        let (was_envelope, was_wrapped, was_told) = parts(&before.state);
        let change: [&(dyn ToSql + Sync); 9] = [
            &subject,
            &generation,
            &envelope,
            &wrapped,
            &told,
            &was,
            &was_envelope,
            &was_wrapped,
            &was_told,
        ];
        let is_changed = client.execute(&statement, &change).await.map_err(failed)? == 1;
        if is_changed && was_wrapped.is_some() && wrapped.is_none() {
            // The key is out of reach already; this takes the dead row out of its page as well.
            let vacuum = self.names.sql("vacuum @subjectkeys");
            if let Err(error) = client.batch_execute(&vacuum).await {
                tracing::warn!(%subject, %error, "cannot vacuum the keys");
            }
        }
        Ok(is_changed)
    }
}

impl Keys for PostgresKeys {
    fn find<'a>(&'a self, subjects: &'a [Subject]) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        Box::pin(async move {
            let subjects: Vec<_> = subjects.iter().map(Subject::as_str).collect();
            self.query("find keys", "subject = any($1)", &[&subjects]).await
        })
    }

    fn replace<'a>(
        &'a self,
        before: Option<&'a StoredKey>,
        after: &'a StoredKey,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.change(before, after))
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a Subject>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        Box::pin(async move {
            let after = after.map_or("", Subject::as_str);
            let sql = "subject > $1 order by subject limit $2";
            self.query("list keys", sql, &[&after, &number(limit)]).await
        })
    }

    fn untold(&self, limit: u64) -> BoxFuture<'_, Result<Vec<StoredKey>>> {
        Box::pin(async move {
            let sql = "wrapped is null and not told order by subject limit $1";
            self.query("list forgotten subjects", sql, &[&number(limit)]).await
        })
    }
}

fn key(action: &'static str, row: &Row) -> Result<StoredKey> {
    let malformed = super::shared::malformed(action);
    let subject: &str = row.try_get(0).map_err(&malformed)?;
    let state = match (row.try_get(2).map_err(&malformed)?, row.try_get(3).map_err(&malformed)?) {
        (Some(envelope), Some(wrapped)) => KeyState::Held { envelope, wrapped },
        _ => KeyState::Forgotten { told: row.try_get(4).map_err(&malformed)? },
    };
    let generation = stored(row.try_get(1).map_err(&malformed)?);
    Ok(StoredKey { subject: subject.parse()?, generation, state })
}

/// Envelope, wrapped key, and whether the log was told.
fn parts(state: &KeyState) -> (Option<&str>, Option<&[u8]>, bool) {
    match state {
        KeyState::Held { envelope, wrapped } => (Some(envelope), Some(wrapped), false),
        KeyState::Forgotten { told } => (None, None, *told),
    }
}

impl fmt::Debug for PostgresKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresKeys").field("names", &self.names).finish_non_exhaustive()
    }
}
