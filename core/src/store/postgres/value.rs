//! How numbers, times and texts go over the wire.

use std::error::Error as StdError;

use bytes::{BufMut, BytesMut};
use deadpool_postgres::tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use jiff::Timestamp;

/// Microseconds from 1970 to 2000, where PostgreSQL starts to count.
const EPOCH: i64 = 946_684_800_000_000;
/// The first instant that PostgreSQL can store, in its own count: 4714-11-24 BC.
const FIRST: i64 = -211_813_488_000_000_000;

/// The largest number that fits stands for all above: no event has it.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was stored by [`number`].
pub(super) fn stored(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A time, in microseconds as PostgreSQL counts them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(i64);

impl Time {
    /// The last microsecond that has begun.
    pub(super) fn floor(time: Timestamp) -> Self {
        let micros = time.as_nanosecond().div_euclid(1000);
        Self(i64::try_from(micros).unwrap_or_default().saturating_sub(EPOCH).max(FIRST))
    }

    /// The first microsecond that begins then or later.
    pub(super) fn ceil(time: Timestamp) -> Self {
        let Self(floor) = Self::floor(time);
        Self(floor + i64::from(time.as_nanosecond().rem_euclid(1000) > 0))
    }

    /// Whether PostgreSQL can store the time.
    pub(super) fn fits(time: Timestamp) -> bool {
        Self::floor(time).0 > FIRST
    }

    pub(super) fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0.saturating_add(EPOCH)).unwrap_or(Timestamp::MAX)
    }
}

impl ToSql for Time {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        out.put_i64(self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Time {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(i64::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// The bytes of a text; the server checks that they are UTF-8 when they come in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        out.put_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TEXT
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Text<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TEXT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_to_the_microsecond() {
        for text in ["1999-12-31T23:59:59.999999Z", "2026-01-02T03:04:05.000006Z"] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(Time::floor(time).timestamp(), time);
            assert_eq!(Time::ceil(time).timestamp(), time);
        }
    }

    #[test]
    fn a_time_before_all_that_can_be_stored_does_not_fit() {
        assert!(!Time::fits(Timestamp::MIN));
        assert!(Time::fits(Timestamp::UNIX_EPOCH) && Time::fits(Timestamp::MAX));
    }
}
