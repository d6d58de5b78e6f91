//! Snapshots: one row for each stream.

use deadpool_postgres::tokio_postgres::Row;

use crate::{
    Id, Json, Result, StreamId, Version,
    store::{
        BoxFuture, Postgres, Snapshot, Snapshots,
        postgres::{
            shared::malformed,
            value::{Text, number, stored},
        },
    },
};

const LOAD: &str = "load a snapshot";
const LIST: &str = "list snapshots";
const SAVE: &str = "save a snapshot";

impl Snapshots for Postgres {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        Box::pin(async move {
            let sql = "select version, id, fingerprint, state from @snapshots where stream = $1";
            let Some(row) = self.shared().find(LOAD, sql, &[&stream.as_str()]).await? else {
                return Ok(None);
            };
            let Text(state) = row.try_get(3).map_err(malformed(LOAD))?;
            Ok(Some(Snapshot {
                stream: stream.clone(),
                version: Version(stored(row.try_get(0).map_err(malformed(LOAD))?)),
                id: Id(stored(row.try_get(1).map_err(malformed(LOAD))?)),
                fingerprint: row.try_get(2).map_err(malformed(LOAD))?,
                state: Json::from_stored(state.to_vec()),
            }))
        })
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        Box::pin(async move {
            let sql = include_str!("sql/snapshots.sql");
            let after = after.map(StreamId::as_str);
            let rows = self.shared().query(LIST, sql, &[&after, &number(limit)]).await?;
            rows.iter().map(listed).collect()
        })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let sql = include_str!("sql/save_snapshot.sql");
            let Snapshot { stream, version, id, fingerprint, state } = &snapshot;
            let (version, id) = (number(version.0), number(id.0));
            let state = Text(state.as_bytes());
            self.shared()
                .query(SAVE, sql, &[&stream.as_str(), &version, &id, fingerprint, &state])
                .await?;
            Ok(())
        })
    }
}

fn listed(row: &Row) -> Result<Snapshot> {
    let stream: String = row.try_get(0).map_err(malformed(LIST))?;
    let Text(state) = row.try_get(4).map_err(malformed(LIST))?;
    Ok(Snapshot {
        stream: stream.try_into()?,
        version: Version(stored(row.try_get(1).map_err(malformed(LIST))?)),
        id: Id(stored(row.try_get(2).map_err(malformed(LIST))?)),
        fingerprint: row.try_get(3).map_err(malformed(LIST))?,
        state: Json::from_stored(state.to_vec()),
    })
}
