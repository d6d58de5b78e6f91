//! Events and states as JSON: compared, checked against serde, shown line by line.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::{DecodeError, Events, error::Chain, privacy};

/// An event as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Encoded {
    pub(super) name: &'static str,
    /// The payload, to compare and to show.
    pub(super) data: Value,
    /// The payload as it is stored.
    pub(super) text: String,
}

/// Fails the test at the line of the caller.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by a panic")]
pub(super) fn fail(message: fmt::Arguments<'_>) -> ! {
    panic!("{message}")
}

/// Encodes an event, decodes it, encodes it again: both must be equal.
pub(super) fn survive<Es: Events>(event: &Es) -> Result<Encoded, String> {
    let name = event.kind().name;
    let write = |event: &Es| {
        encode(event).map_err(|error| format!("event `{name}` cannot be encoded: {error}"))
    };
    let before = write(event)?;
    let decoded = decode::<Es>(name, &before.text).map_err(|error| {
        format!("event `{name}` does not survive serde: {error}\n  {}", before.text)
    })?;
    let after = write(&decoded)?;
    if before.data == after.data {
        return Ok(before);
    }
    let shown = difference(&json_lines(&before.data), &json_lines(&after.data));
    Err(format!("event `{name}` does not survive serde (- encoded, + after decoding)\n{shown}"))
}

/// Decodes an event of the newest schema.
pub(super) fn decode<Es: Events>(name: &str, json: &str) -> Result<Es, String> {
    let kind = Es::KINDS.iter().find(|kind| kind.name == name);
    let version = kind.map_or(1, |kind| kind.version);
    Es::decode(name, version, json.as_bytes())
        .map_err(|error: DecodeError| Chain(&error).to_string())
}

/// Encodes an event.
pub(super) fn encode<Es: Events>(event: &Es) -> Result<Encoded, serde_json::Error> {
    let mut text = Vec::new();
    privacy::pretended(|| event.encode(&mut text))?;
    let data = serde_json::from_slice(&text)?;
    Ok(Encoded { name: event.kind().name, data, text: String::from_utf8_lossy(&text).into_owned() })
}

/// Whether both lists hold the same events in the same order.
pub(super) fn equal(expected: &[Encoded], actual: &[Encoded]) -> bool {
    expected.len() == actual.len()
        && expected
            .iter()
            .zip(actual)
            .all(|(one, other)| one.name == other.name && one.data == other.data)
}

/// Compares a value with JSON text.
#[track_caller]
pub(super) fn check_json<T: Serialize>(what: &str, actual: &T, expected: &str) {
    let expected: Value = match serde_json::from_str(expected) {
        Ok(expected) => expected,
        Err(error) => fail(format_args!("the expected text is no JSON: {error}")),
    };
    match to_value(actual) {
        Ok(actual) if actual == expected => {}
        Ok(actual) => fail(format_args!(
            "{what}: other state than expected (- expected, + actual)\n{}",
            difference(&json_lines(&expected), &json_lines(&actual)),
        )),
        Err(error) => fail(format_args!("{what}: cannot be written as JSON: {error}")),
    }
}

/// A value by way of its text, as a store keeps it.
pub(super) fn to_value<T: Serialize>(value: &T) -> Result<Value, serde_json::Error> {
    serde_json::from_str(&privacy::pretended(|| serde_json::to_string(value))?)
}

/// One event as several lines: the name, then the payload.
pub(super) fn lines(events: &[Encoded]) -> Vec<String> {
    let mut all = Vec::new();
    for Encoded { name, data, .. } in events {
        let mut shown = json_lines(data).into_iter();
        all.push(format!("{name} {}", shown.next().unwrap_or_default()));
        all.extend(shown);
    }
    all
}

/// A value as indented lines.
pub(super) fn json_lines(value: &Value) -> Vec<String> {
    format!("{value:#}").lines().map(str::to_owned).collect()
}

/// Both lists in one, with `-` before what only the first has and `+` before what only the second.
pub(super) fn difference(expected: &[String], actual: &[String]) -> String {
    let mut out = String::new();
    differ(&mut out, expected, actual);
    out
}

/// Cuts at the longest common run of lines and goes on at both sides of it.
fn differ(out: &mut String, expected: &[String], actual: &[String]) {
    let (mut from, mut at, mut len) = (0, 0, 0);
    for i in 0..expected.len() {
        for j in 0..actual.len() {
            let pairs = expected.iter().skip(i).zip(actual.iter().skip(j));
            let run = pairs.take_while(|(a, b)| a == b).count();
            if run > len {
                (from, at, len) = (i, j, run);
            }
        }
    }
    if len == 0 {
        push(out, '-', expected);
        push(out, '+', actual);
        return;
    }
    let (before, rest) = expected.split_at(from);
    let (other_before, other_rest) = actual.split_at(at);
    let (common, after) = rest.split_at(len);
    differ(out, before, other_before);
    push(out, ' ', common);
    differ(out, after, other_rest.split_at(len).1);
}

fn push(out: &mut String, sign: char, lines: &[String]) {
    for line in lines {
        out.push(sign);
        out.push(' ');
        out.push_str(line);
        out.push('\n');
    }
}
