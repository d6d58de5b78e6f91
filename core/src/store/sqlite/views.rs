//! The documents and checkpoints of projections in SQLite.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Sqlite,
    append::{number, text},
    failure::Failure,
    leases,
};
use crate::{
    Error, Id, Json, Result,
    store::{BoxFuture, Document, ViewCommit, ViewId, Views, prefix},
};

impl Views for Sqlite {
    fn checkpoint<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<Id>> {
        let view = view.clone();
        Box::pin(self.0.readers.ask("read a checkpoint", move |connection, _| {
            Ok(stored(connection, &view)?.map_or(Id(0), |(_, checkpoint)| checkpoint))
        }))
    }

    fn document<'a>(
        &'a self,
        view: &'a ViewId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<(Id, Option<Json>)>> {
        let (view, key) = (view.clone(), key.to_owned());
        Box::pin(self.0.readers.ask("read a document", move |connection, _| {
            let stored: Option<(i64, Option<String>)> = connection
                .prepare_cached(include_str!("document.sql"))?
                .query_row(params![view.name, view.version, key], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            Ok(stored.map_or((Id(0), None), |(checkpoint, data)| {
                (Id(checkpoint.unsigned_abs()), data.map(Json::from_stored))
            }))
        }))
    }

    fn documents<'a>(
        &'a self,
        view: &'a ViewId,
        prefix: &'a str,
        after: Option<&'a str>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Document>>> {
        let (view, prefix, after) = (view.clone(), prefix.to_owned(), after.map(str::to_owned));
        Box::pin(self.0.readers.ask("list documents", move |connection, _| {
            let end = prefix::above(&prefix);
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut list = connection.prepare_cached(include_str!("documents.sql"))?;
            let documents = list.query_map(
                params![view.name, view.version, prefix, end, after, limit],
                |row| {
                    let data: String = row.get(1)?;
                    Ok(Document { key: row.get(0)?, data: Some(Json::from_stored(data)) })
                },
            )?;
            Ok(documents.collect::<Result<_, _>>()?)
        }))
    }

    fn views(&self) -> BoxFuture<'_, Result<Vec<(ViewId, Id)>>> {
        Box::pin(self.0.readers.ask("list views", move |connection, _| {
            let sql = "SELECT name, version, checkpoint FROM view ORDER BY name, version";
            let mut list = connection.prepare_cached(sql)?;
            let views = list.query_map([], |row| {
                let name: String = row.get(0)?;
                let view = ViewId { name: name.into(), version: row.get(1)? };
                Ok((view, Id(row.get::<_, i64>(2)?.unsigned_abs())))
            })?;
            Ok(views.collect::<Result<_, _>>()?)
        }))
    }

    fn commit(&self, commit: ViewCommit) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.change("commit a view", move |connection| write(connection, &commit)))
    }

    fn reset<'a>(&'a self, view: &'a ViewId) -> BoxFuture<'a, Result<()>> {
        let view = view.clone();
        Box::pin(self.change("reset a view", move |connection| {
            if let Some((row, _)) = stored(connection, &view)? {
                connection
                    .prepare_cached("DELETE FROM document WHERE view = ?1")?
                    .execute([row])?;
                connection.prepare_cached("DELETE FROM view WHERE id = ?1")?.execute([row])?;
            }
            Ok(Ok(()))
        }))
    }
}

/// Checks the lease and the checkpoint, then writes documents and checkpoint.
fn write(connection: &Connection, commit: &ViewCommit) -> Result<Result<()>, Failure> {
    if let Some(lease) = &commit.lease
        && !leases::holds(connection, lease)?
    {
        return Ok(Err(leases::fenced(lease)));
    }
    let known = stored(connection, &commit.view)?;
    let actual = known.map_or(Id(0), |(_, checkpoint)| checkpoint);
    if actual != commit.from {
        let (view, expected) = (commit.view.to_string(), commit.from);
        return Ok(Err(Error::Stale { view, expected, actual }));
    }
    let to = number(commit.to.0)?;
    let row = match known {
        Some((row, _)) => {
            connection
                .prepare_cached("UPDATE view SET checkpoint = ?2 WHERE id = ?1")?
                .execute([row, to])?;
            row
        }
        None => connection
            .prepare_cached("INSERT INTO view (name, version, checkpoint) VALUES (?1, ?2, ?3)")?
            .insert(params![commit.view.name, commit.view.version, to])?,
    };
    let mut put = connection.prepare_cached(include_str!("put_document.sql"))?;
    let mut delete =
        connection.prepare_cached("DELETE FROM document WHERE view = ?1 AND key = ?2")?;
    for Document { key, data } in &commit.documents {
        match data {
            Some(data) if std::str::from_utf8(data.as_bytes()).is_err() => {
                return Err(Failure::NotText);
            }
            Some(data) => put.execute(params![row, key, text(data)])?,
            None => delete.execute(params![row, key])?,
        };
    }
    Ok(Ok(()))
}

/// The number of a view and its checkpoint.
pub(super) fn stored(connection: &Connection, view: &ViewId) -> Result<Option<(i64, Id)>, Failure> {
    Ok(connection
        .prepare_cached("SELECT id, checkpoint FROM view WHERE name = ?1 AND version = ?2")?
        .query_row(params![view.name, view.version], |row| {
            Ok((row.get(0)?, Id(row.get::<_, i64>(1)?.unsigned_abs())))
        })
        .optional()?)
}
