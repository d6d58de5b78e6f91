//! Up to where the log is settled, and who holds it.

use jiff::Timestamp;

use crate::{
    Id, Result,
    store::postgres::{
        shared::{Shared, malformed},
        value::{Time, stored},
    },
};

/// An append that has begun and not ended: readers wait behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process id of its session on the server, for `pg_terminate_backend`.
    pub pid: i32,
    /// The application that the session belongs to.
    pub application: String,
    /// Since when its transaction is open, if the role may know.
    pub since: Option<Timestamp>,
    /// Readers see all up to this id, and nothing behind it until the append ends.
    pub id: Id,
}

/// The highest id up to which all is settled and seen.
pub(super) async fn head(shared: &Shared) -> Result<Id> {
    const ACTION: &str = "find the head of the log";
    let row = shared.find(ACTION, "select @head()", &[]).await?;
    let head = match row {
        Some(row) => row.try_get(0).map_err(malformed(ACTION))?,
        None => 0,
    };
    Ok(shared.settled(Id(stored(head))))
}

/// The appends that are open, the one that readers wait for first.
pub(super) async fn holding(shared: &Shared) -> Result<Vec<Holder>> {
    const ACTION: &str = "find who holds the log";
    let sql = "select pid, coalesce(application, ''), since, base from @holding()
        order by base, since, pid";
    let mut holders = Vec::new();
    for row in shared.query(ACTION, sql, &[]).await? {
        let since: Option<Time> = row.try_get(2).map_err(malformed(ACTION))?;
        holders.push(Holder {
            // A prepared transaction holds it without any process.
            pid: row.try_get::<_, Option<i32>>(0).map_err(malformed(ACTION))?.unwrap_or_default(),
            application: row.try_get(1).map_err(malformed(ACTION))?,
            since: since.map(Time::timestamp),
            id: Id(stored(row.try_get(3).map_err(malformed(ACTION))?)),
        });
    }
    Ok(holders)
}
