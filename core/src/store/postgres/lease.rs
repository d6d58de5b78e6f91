//! Leases: one row for each, kept when it is given back, so that its token only grows.

use std::time::Duration;

use deadpool_postgres::tokio_postgres::Row;
use jiff::Timestamp;

use crate::{
    Error, Result,
    store::{
        BoxFuture, Lease, Leases, Postgres,
        postgres::{
            shared::malformed,
            value::{Time, number, stored},
        },
    },
};

const ACQUIRE: &str = "take a lease";
const RENEW: &str = "renew a lease";
const RELEASE: &str = "give a lease back";
const LIST: &str = "list leases";

impl Leases for Postgres {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        Box::pin(async move {
            let until = end(now, ttl);
            let sql = include_str!("sql/acquire.sql");
            let row = self
                .shared()
                .find(ACQUIRE, sql, &[&name, &holder, &Time::ceil(until), &Time::floor(now)])
                .await?;
            let Some(row) = row else { return Ok(None) };
            let token = stored(row.try_get(0).map_err(malformed(ACQUIRE))?);
            Ok(Some(Lease { name: name.to_owned(), holder: holder.to_owned(), token, until }))
        })
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        Box::pin(async move {
            let until = end(now, ttl);
            let sql = "update @leases set until = $4
                where name = $1 and holder = $2 and token = $3 returning token";
            let Lease { name, holder, token, .. } = lease;
            let row = self
                .shared()
                .find(RENEW, sql, &[name, holder, &number(*token), &Time::ceil(until)])
                .await?;
            match row {
                Some(_) => Ok(Lease { until, ..lease.clone() }),
                None => Err(Error::Fenced { lease: name.clone(), token: *token }),
            }
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let sql = "update @leases set until = '-infinity', holder = ''
                where name = $1 and holder = $2 and token = $3";
            let Lease { name, holder, token, .. } = lease;
            self.shared().query(RELEASE, sql, &[name, holder, &number(*token)]).await?;
            Ok(())
        })
    }

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        Box::pin(async move {
            let sql =
                "select name, holder, token, until from @leases where until > $1 order by name";
            let rows = self.shared().query(LIST, sql, &[&Time::floor(now)]).await?;
            let lease = |row: &Row| {
                let until: Time = row.try_get(3).map_err(malformed(LIST))?;
                Ok(Lease {
                    name: row.try_get(0).map_err(malformed(LIST))?,
                    holder: row.try_get(1).map_err(malformed(LIST))?,
                    token: stored(row.try_get(2).map_err(malformed(LIST))?),
                    until: until.timestamp(),
                })
            };
            rows.iter().map(lease).collect()
        })
    }
}

fn end(now: Timestamp, ttl: Duration) -> Timestamp {
    now.saturating_add(ttl).unwrap_or(Timestamp::MAX)
}
