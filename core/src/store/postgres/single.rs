//! The ordinary append, one event on one stream, as the parameters of a call of its own.
//!
//! It does what [`Call`](super::call::Call) does, with less work for the server.

use deadpool_postgres::tokio_postgres::{self, Row, types::ToSql};

use crate::{
    Conflict, Id, Version,
    store::{
        Appended, Batch, NewEvent, Write,
        postgres::{
            call::{Verdict, expectation, lock_of, placed},
            value::{Text, Time, stored},
        },
    },
};

/// The call itself; the parameters are those of [`Single::parameters`].
pub(super) const SQL: &str = "select @single($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// What stands for the base when the stream is closed.
const CLOSED: i64 = -2;

/// The parameters of a call; see `sql/0007_close.sql`.
#[derive(Debug)]
pub(super) struct Single<'a> {
    write: &'a Write,
    lock: i32,
    stream: &'a str,
    expected: i64,
    name: &'a str,
    schema: i32,
    created: Time,
    correlation: Option<&'a [u8]>,
    data: Text<'a>,
    meta: Text<'a>,
}

impl<'a> Single<'a> {
    /// `None` for a batch that needs the general call.
    pub(super) fn new(batch: &'a Batch) -> Option<Self> {
        let ([write], None) = (&batch.writes[..], &batch.key) else { return None };
        let [NewEvent { name, schema, data, meta, created }] = &write.events[..] else {
            return None;
        };
        Some(Self {
            write,
            lock: lock_of(&write.stream),
            stream: write.stream.as_str(),
            expected: expectation(write.expected),
            name,
            schema: i32::try_from(*schema).unwrap_or(i32::MAX),
            created: Time::floor(*created),
            correlation: meta.correlation().map(str::as_bytes),
            data: Text(data.as_bytes()),
            meta: Text(meta.json().as_bytes()),
        })
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 9] {
        [
            &self.lock,
            &self.stream,
            &self.expected,
            &self.name,
            &self.schema,
            &self.created,
            &self.correlation,
            &self.data,
            &self.meta,
        ]
    }

    pub(super) fn verdict(&self, row: &Row) -> Result<Verdict, tokio_postgres::Error> {
        let mut numbers = row.try_get::<_, Vec<i64>>(0)?.into_iter();
        let mut next = || numbers.next().unwrap_or_default();
        let (base, before) = (next(), Version(stored(next())));
        let Write { stream, expected, .. } = self.write;
        if base == CLOSED {
            return Ok(Verdict::Closed(stream.clone(), before));
        }
        if base < 0 {
            return Ok(Verdict::Conflict(Conflict::new(stream.clone(), *expected, before)));
        }
        let placed = vec![placed(&mut Id(stored(base)), before, 1)];
        Ok(Verdict::Stored(Appended { placed, repeated: false }))
    }
}
