//! Closed streams: when one was closed, and how its other events are removed.

use deadpool_postgres::tokio_postgres::error::SqlState;
use jiff::Timestamp;

use crate::{
    Error, Result, StreamId,
    store::postgres::{
        failure,
        shared::{Shared, malformed},
        value::{Time, stored},
    },
};

const FIND: &str = "find the end of a closed stream";

/// When a stream was closed.
pub(super) async fn closed(shared: &Shared, stream: &StreamId) -> Result<Timestamp> {
    let sql = include_str!("sql/closed.sql");
    let row = shared.find(FIND, sql, &[&stream.as_str()]).await?;
    let not_closed = || Error::NotClosed { stream: stream.clone() };
    let row = row.ok_or_else(not_closed)?;
    if !row.try_get(0).map_err(malformed(FIND))? {
        return Err(not_closed());
    }
    let at: Time = row.try_get(1).map_err(malformed(FIND))?;
    Ok(at.timestamp())
}

/// Removes the events of a closed stream but for the one that ends it; how many they were.
///
/// A closed stream takes no more events, so no lock is needed between the two statements.
pub(super) async fn truncate(shared: &Shared, stream: &StreamId) -> Result<u64> {
    closed(shared, stream).await?;
    let action = || format!("truncate `{stream}`");
    let client = shared.client("truncate a stream").await?;
    let sql = shared.sql(include_str!("sql/truncate.sql"));
    let row = match client.query_one(&*sql, &[&stream.as_str()]).await {
        Ok(row) => row,
        Err(source) if source.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            let events = shared.sql("@events");
            return Err(Error::Rights {
                store: "PostgreSQL",
                action: action(),
                right: format!(
                    "its role may only append: close streams with a role that has `grant delete \
                     on {events}`"
                ),
                source: source.into(),
            });
        }
        Err(source) => return Err(failure::to(action(), source)),
    };
    Ok(stored(row.try_get(0).map_err(malformed("truncate a stream"))?))
}
