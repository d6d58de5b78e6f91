//! Views: documents and checkpoint, in one transaction.

use std::collections::HashMap;

use deadpool_postgres::tokio_postgres::{Row, types::ToSql};

use crate::{
    Error, Id, Json, Result,
    store::{
        BoxFuture, Document, Postgres, ViewCommit, ViewId, Views,
        postgres::{
            failure,
            shared::malformed,
            value::{Text, number, stored},
        },
        prefix,
    },
};

const READ: &str = "read a view";
const LIST: &str = "list documents";
const LIST_VIEWS: &str = "list views";
const COMMIT: &str = "commit a view";
const RESET: &str = "reset a view";

impl Views for Postgres {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        Box::pin(async move {
            let sql = "select checkpoint from @views where name = $1 and version = $2";
            let row = self.shared().find(READ, sql, &[&view.name, &version(view)]).await?;
            let Some(row) = row else { return Ok(Id(0)) };
            Ok(Id(stored(row.try_get(0).map_err(malformed(READ))?)))
        })
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        Box::pin(async move {
            let sql = include_str!("sql/document.sql");
            let row = self.shared().find(READ, sql, &[&view.name, &version(view), &key]).await?;
            let Some(row) = row else { return Ok((Id(0), None)) };
            let checkpoint = Id(stored(row.try_get(0).map_err(malformed(READ))?));
            let data: Option<Text<'_>> = row.try_get(1).map_err(malformed(READ))?;
            Ok((checkpoint, data.map(|Text(data)| Json::from_stored(data.to_vec()))))
        })
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        Box::pin(async move {
            let sql = include_str!("sql/documents.sql");
            let (end, limit) = (prefix::above(prefix), number(limit));
            let parameters: [&(dyn ToSql + Sync); 6] =
                [&view.name, &version(view), &prefix, &end, &after, &limit];
            let rows = self.shared().query(LIST, sql, &parameters).await?;
            let document = |row: &Row| {
                let key = row.try_get(0).map_err(malformed(LIST))?;
                let Text(data) = row.try_get(1).map_err(malformed(LIST))?;
                Ok(Document { key, data: Some(Json::from_stored(data.to_vec())) })
            };
            rows.iter().map(document).collect()
        })
    }

    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        Box::pin(async move {
            let sql = "select name, version, checkpoint from @views order by name, version";
            let rows = self.shared().query(LIST_VIEWS, sql, &[]).await?;
            let view = |row: &Row| {
                let name: String = row.try_get(0).map_err(malformed(LIST_VIEWS))?;
                let version = row.try_get::<_, i32>(1).map_err(malformed(LIST_VIEWS))?;
                let version = u32::try_from(version).unwrap_or_default();
                let view = ViewId { name: name.into(), version };
                Ok((view, Id(stored(row.try_get(2).map_err(malformed(LIST_VIEWS))?))))
            };
            rows.iter().map(view).collect()
        })
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let sql = include_str!("sql/commit.sql");
            let lease = commit.lease.as_ref();
            let (put_keys, put_data, removed) = changes(&commit);
            let row = self
                .shared()
                .find(
                    COMMIT,
                    sql,
                    &[
                        &commit.view.name,
                        &version(&commit.view),
                        &number(commit.from.0),
                        &number(commit.to.0),
                        &lease.map(|lease| lease.name.as_str()),
                        &lease.map(|lease| lease.holder.as_str()),
                        &lease.map(|lease| number(lease.token)),
                        &put_keys,
                        &put_data,
                        &removed,
                    ],
                )
                .await?;
            verdict(&commit, row.as_ref())
        })
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let sql = include_str!("sql/reset.sql");
            self.shared().query(RESET, sql, &[&view.name, &version(view)]).await?;
            Ok(())
        })
    }
}

/// What is written and what is deleted; of several changes of one document the last counts.
fn changes(commit: &ViewCommit) -> (Vec<&str>, Vec<Text<'_>>, Vec<&str>) {
    let last: HashMap<&str, Option<&Json>> = commit
        .documents
        .iter()
        .map(|document| (document.key.as_str(), document.data.as_ref()))
        .collect();
    let (mut keys, mut data, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for (key, content) in last {
        match content {
            Some(json) => {
                keys.push(key);
                data.push(Text(json.as_bytes()));
            }
            None => removed.push(key),
        }
    }
    (keys, data, removed)
}

/// What `@advance` and `@commit` say.
pub(super) fn verdict(commit: &ViewCommit, row: Option<&Row>) -> Result<()> {
    let row = row.ok_or_else(|| failure::to(COMMIT, "the server gave no answer"))?;
    if row.try_get(0).map_err(malformed(COMMIT))?
        && let Some(lease) = &commit.lease
    {
        return Err(Error::Fenced { lease: lease.name.clone(), token: lease.token });
    }
    let actual = Id(stored(row.try_get(1).map_err(malformed(COMMIT))?));
    if actual != commit.from {
        let (view, expected) = (commit.view.to_string(), commit.from);
        return Err(Error::Stale { view, expected, actual });
    }
    Ok(())
}

pub(super) fn version(view: &ViewId) -> i32 {
    i32::try_from(view.version).unwrap_or(i32::MAX)
}
