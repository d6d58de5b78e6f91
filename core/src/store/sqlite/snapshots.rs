//! Snapshots in SQLite.

use rusqlite::{OptionalExtension, params};

use super::{
    Sqlite,
    append::{number, text},
    failure::Failure,
};
use crate::{
    Id, Json, Result, StreamId, Version,
    store::{BoxFuture, Snapshot, Snapshots},
};

impl Snapshots for Sqlite {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        let stream = stream.clone();
        Box::pin(self.0.readers.ask("read a snapshot", move |connection, _| {
            let stored = connection
                .prepare_cached(include_str!("snapshot.sql"))?
                .query_row([stream.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
                })
                .optional()?;
            Ok(stored.map(|(version, id, fingerprint, state): (i64, i64, String, String)| {
                Snapshot {
                    stream,
                    version: Version(version.unsigned_abs()),
                    id: Id(id.unsigned_abs()),
                    fingerprint,
                    state: Json::from_stored(state),
                }
            }))
        }))
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        let after = after.map(|after| after.as_str().to_owned());
        Box::pin(self.0.readers.ask("list snapshots", move |connection, _| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut list = connection.prepare_cached(include_str!("snapshots.sql"))?;
            let mut rows = list.query(params![after, limit])?;
            let mut snapshots = Vec::new();
            while let Some(row) = rows.next()? {
                let stream = StreamId::try_from(row.get::<_, String>(0)?)
                    .map_err(|_| Failure::Column { column: "snapshot.stream" })?;
                snapshots.push(Snapshot {
                    stream,
                    version: Version(row.get::<_, i64>(1)?.unsigned_abs()),
                    id: Id(row.get::<_, i64>(2)?.unsigned_abs()),
                    fingerprint: row.get(3)?,
                    state: Json::from_stored(row.get::<_, String>(4)?),
                });
            }
            Ok(snapshots)
        }))
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.change("save a snapshot", move |connection| {
            let Snapshot { stream, version, id, fingerprint, state } = &snapshot;
            if std::str::from_utf8(state.as_bytes()).is_err() {
                return Err(Failure::NotText);
            }
            connection.prepare_cached(include_str!("save_snapshot.sql"))?.execute(params![
                stream.as_str(),
                number(version.0)?,
                number(id.0)?,
                fingerprint,
                text(state)
            ])?;
            Ok(Ok(()))
        }))
    }
}
