//! Times and the spans between them, as people say them.

use jiff::Timestamp;

/// The day, as in `2024-06-01`.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// The time of day in UTC, to the millisecond.
pub(super) fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%S%.3f").to_string()
}

/// From one time to another, in microseconds.
pub(super) fn between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_microsecond().saturating_sub(from.as_microsecond())
}

/// A span of microseconds in the unit that fits: `12 ms`, `2.3 s`, `3 d 4 h`.
pub(super) fn span(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let tenths = |unit: u64, name: &str| {
        let tenths = micros / (unit / 10);
        if tenths < 100 && !tenths.is_multiple_of(10) {
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        } else {
            format!("{} {name}", tenths / 10)
        }
    };
    let two = |big: u64, small: u64, names: [&str; 2]| {
        let (whole, rest) = (micros / big, micros % big / small);
        let rest = if rest == 0 { String::new() } else { format!(" {rest} {}", names[1]) };
        format!("{whole} {}{rest}", names[0])
    };
    let (second, minute, hour, day) = (1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000);
    let text = match micros {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => tenths(1_000, "ms"),
        _ if micros < minute => tenths(second, "s"),
        _ if micros < hour => two(minute, second, ["min", "s"]),
        _ if micros < day => two(hour, minute, ["h", "min"]),
        _ => two(day, hour, ["d", "h"]),
    };
    format!("{sign}{text}")
}

/// The span with its sign, as what is added.
pub(super) fn after(micros: i64) -> String {
    if micros < 0 { span(micros) } else { format!("+{}", span(micros)) }
}
