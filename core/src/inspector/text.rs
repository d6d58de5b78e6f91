//! Small texts that many pages have: times, lengths of time, numbers, names.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, Render, html};

/// A name from outside, kept from turning round what stands beside it.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Render for Name<'_> {
    fn render_to(&self, out: &mut String) {
        html! { bdi { (self.0) } }.render_to(out);
    }
}

/// A time to the millisecond, in UTC.
pub(super) fn time(at: Timestamp) -> Markup {
    let (day, clock) = (at.strftime("%Y-%m-%d"), at.strftime("%H:%M:%S%.3f"));
    html! {
        time datetime=(at) title={ (at) } { span.day { (day.to_string()) } " " (clock.to_string()) }
    }
}

/// A length of time with three digits or so.
pub(super) fn length(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0 if duration.is_zero() => "0 s".to_owned(),
        0 if duration.as_micros() < 1000 => format!("{} µs", duration.as_micros()),
        0 if duration.as_millis() < 10 => format!("{:.1} ms", seconds * 1000.0),
        0 => format!("{} ms", duration.as_millis()),
        1..=9 => format!("{seconds:.2} s"),
        10..=119 => format!("{seconds:.1} s"),
        whole if whole < 7200 => format!("{} min", whole / 60),
        whole if whole < 172_800 => format!("{} h", whole / 3600),
        whole => format!("{} days", whole / 86_400),
    }
}

/// The time from one event to a later one; none when a clock went back.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// A number with its digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// The start of a text, and whether that is all of it.
pub(super) fn start(text: &str, bytes: usize) -> (&str, bool) {
    if text.len() <= bytes {
        return (text, true);
    }
    let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    (text.get(..end).unwrap_or_default(), false)
}

/// One of the colours of names, always the same for a name.
pub(super) fn colour(name: &str) -> &'static str {
    const COLOURS: [&str; 8] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let at = (hash ^ (hash >> 15)) as usize;
    COLOURS.get(at % COLOURS.len()).copied().unwrap_or_default()
}

/// A dot in the colour of a name.
pub(super) fn dot(name: &str) -> Markup {
    html! { span class={ "dot " (colour(name)) } {} }
}

/// How many in a second, in whole numbers.
pub(super) fn rate(rate: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only shown")]
    let whole = rate as u64;
    grouped(whole)
}

/// A number of things, as in `1 event` and `2 events`.
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
