//! Times as the file keeps them: whole microseconds since 1970.

use jiff::Timestamp;

/// The microsecond that a time lies in.
pub(super) fn floor(time: Timestamp) -> i64 {
    clamp(time.as_nanosecond().div_euclid(1000))
}

/// The first microsecond that does not lie before a time.
pub(super) fn ceil(time: Timestamp) -> i64 {
    clamp(-(-time.as_nanosecond()).div_euclid(1000))
}

/// All times of [`Timestamp`] are within 64 bits of microseconds.
fn clamp(micros: i128) -> i64 {
    i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX })
}
