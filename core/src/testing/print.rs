//! A real stream printed as a test that compiles: payloads stay JSON text.

use std::{any::type_name, fmt::Write};

use crate::{Aggregate, App, Events, Result};

/// Prints a stream as a given/then test: its events, and the state they lead to.
///
/// The log keeps what happened and not what was asked, so there is no `when`: add one.
///
/// # Errors
///
/// The stream cannot be read, or the state cannot be written as JSON.
pub async fn to_test<A: Aggregate>(app: &App, id: &str) -> Result<String> {
    let history = app.history::<A>(id)?.all().await?;
    let mut events = Vec::with_capacity(history.len());
    for event in history {
        events.push(event.data);
    }
    let mut lines = Vec::new();
    for event in &events {
        let mut json = Vec::new();
        event.encode(&mut json).map_err(|source| encode_error(event.kind().name, source))?;
        lines.push((event.kind().name, String::from_utf8_lossy(&json).into_owned()));
    }
    let state: A = crate::fold(events);
    let state = serde_json::to_string(&state).map_err(|source| encode_error(A::NAME, source))?;
    Ok(test::<A>(&function_name(A::NAME, id), &lines, &state))
}

fn encode_error(what: &str, source: serde_json::Error) -> crate::Error {
    crate::Error::Encode { what: what.to_owned(), source }
}

fn test<A: Aggregate>(name: &str, events: &[(&'static str, String)], state: &str) -> String {
    let (given, state) = (given::<A>(events), literal(state));
    format!("#[test]\nfn {name}() {{\n    {given}\n    .then_state_json({state});\n}}\n")
}

/// The first step of a test.
pub(super) fn given<A: Aggregate>(events: &[(&'static str, String)]) -> String {
    let aggregate = last_segment(type_name::<A>());
    if events.is_empty() {
        return format!("actum::testing::given_nothing::<{aggregate}>()");
    }
    let mut out = format!("actum::testing::given::<{aggregate}>([\n");
    for (name, json) in events {
        let json = literal(json);
        let _ = writeln!(out, "        actum::testing::event::<{aggregate}>({name:?}, {json}),");
    }
    out.push_str("    ])");
    out
}

/// A raw string with as many `#` as the text asks for.
pub(super) fn literal(text: &str) -> String {
    let longest =
        text.split('"').skip(1).map(|rest| rest.chars().take_while(|c| *c == '#').count());
    let hashes = "#".repeat(longest.max().map_or(0, |longest| longest + 1));
    format!("r{hashes}\"{text}\"{hashes}")
}

fn function_name(aggregate: &str, id: &str) -> String {
    let mut name = String::from("stream");
    for part in [aggregate, id] {
        name.push('_');
        let letters = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        name.extend(letters.map(|c| c.to_ascii_lowercase()));
    }
    name
}

/// The name of a type without its path.
pub(super) fn last_segment(path: &'static str) -> &'static str {
    let start = path.split('<').next().unwrap_or(path);
    let from = start.rfind("::").map_or(0, |at| at + 2);
    path.get(from..).unwrap_or(path)
}
