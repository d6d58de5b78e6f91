//! Leases in SQLite.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Sqlite, append::number, failure::Failure};
use crate::{
    Error, Result,
    store::{BoxFuture, Lease, Leases},
};

impl Leases for Sqlite {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        Box::pin(self.change("acquire a lease", move |connection| {
            let token = match stored(connection, &name)? {
                Some(held) if held.holder == holder => held.token,
                Some(held) if held.until > now => return Ok(Ok(None)),
                Some(held) => held.token + 1,
                None => 1,
            };
            let (name, holder) = (name.clone(), holder.clone());
            let lease = Lease { name, holder, token, until: end(now, ttl) };
            put(connection, &lease)?;
            Ok(Ok(Some(lease)))
        }))
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        let lease = lease.clone();
        Box::pin(self.change("renew a lease", move |connection| {
            if !holds(connection, &lease)? {
                return Ok(Err(fenced(&lease)));
            }
            let renewed = Lease { until: end(now, ttl), ..lease.clone() };
            put(connection, &renewed)?;
            Ok(Ok(renewed))
        }))
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        let lease = lease.clone();
        Box::pin(self.change("release a lease", move |connection| {
            if holds(connection, &lease)? {
                // The token stays, so that the next holder gets a larger one.
                let until = Timestamp::MIN;
                put(connection, &Lease { holder: String::new(), until, ..lease.clone() })?;
            }
            Ok(Ok(()))
        }))
    }

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        Box::pin(self.0.readers.ask("list leases", move |connection, _| {
            let sql = "SELECT name, holder, token, until FROM lease ORDER BY name";
            let mut list = connection.prepare_cached(sql)?;
            let mut rows = list.query([])?;
            let mut held = Vec::new();
            while let Some(row) = rows.next()? {
                let until = row.get::<_, String>(3)?.parse();
                let until = until.map_err(|_| Failure::Column { column: "lease.until" })?;
                let token = row.get::<_, i64>(2)?.unsigned_abs();
                held.push(Lease { name: row.get(0)?, holder: row.get(1)?, token, until });
            }
            // Times are kept as text, whose order is not theirs.
            held.retain(|lease| lease.until > now);
            Ok(held)
        }))
    }
}

/// Whether a lease is the current one.
pub(super) fn holds(connection: &Connection, lease: &Lease) -> Result<bool, Failure> {
    Ok(stored(connection, &lease.name)?
        .is_some_and(|held| held.token == lease.token && held.holder == lease.holder))
}

/// The refusal of a lease that another has taken.
pub(super) fn fenced(lease: &Lease) -> Error {
    Error::Fenced { lease: lease.name.clone(), token: lease.token }
}

fn end(now: Timestamp, ttl: Duration) -> Timestamp {
    now.saturating_add(ttl).unwrap_or(Timestamp::MAX)
}

fn stored(connection: &Connection, name: &str) -> Result<Option<Lease>, Failure> {
    let stored: Option<(String, i64, String)> = connection
        .prepare_cached("SELECT holder, token, until FROM lease WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((holder, token, until)) = stored else { return Ok(None) };
    let until = until.parse().map_err(|_| Failure::Column { column: "lease.until" })?;
    Ok(Some(Lease { name: name.to_owned(), holder, token: token.unsigned_abs(), until }))
}

fn put(connection: &Connection, lease: &Lease) -> Result<(), Failure> {
    let Lease { name, holder, token, until } = lease;
    connection.prepare_cached(include_str!("put_lease.sql"))?.execute(params![
        name,
        holder,
        number(*token)?,
        until.to_string()
    ])?;
    Ok(())
}
