//! A real stream printed as a test that compiles: payloads stay JSON text.

use std::{any::type_name, fmt::Write};

use super::{
    compare::{self, Encoded},
    sound,
};
use crate::{Actions, Aggregate, Committed, Events, History, Json, Result};

impl<A: Actions> History<A> {
    /// Prints the stream as a given / when / then test: what had happened, the last action, what
    /// came of it.
    ///
    /// The log keeps the name of an action and not its input. An input is looked for in what was
    /// emitted, and taken only if the action then emits these very events; where there is none,
    /// the test has all events under `given`, and says so.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Serialize, Deserialize)]
    /// # struct Counted { by: u64 }
    /// # #[derive(Events)]
    /// # enum CounterEvent { Counted(Counted) }
    /// # #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    /// # #[aggregate(events = CounterEvent)]
    /// # struct Counter { total: u64 }
    /// # #[patch]
    /// # impl Counter {
    /// #     fn counted(&mut self, event: Counted) { self.total += event.by }
    /// # }
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Count { by: u64 }
    /// # #[action]
    /// # impl Counter {
    /// #     fn count(&self, Count { by }: Count) -> Result<Counted, std::convert::Infallible> {
    /// #         Ok(Counted { by })
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(Memory::new()).with::<Counter>().start().await?;
    /// app.act::<Counter>("a", Count { by: 2 }).await?;
    /// let test = app.history::<Counter>("a")?.to_test().await?;
    /// assert!(test.contains(r##".when(actum::testing::input::<Count>(r#"{"by":2}"#))"##));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The stream cannot be read, or the state cannot be written as JSON.
    pub async fn to_test(self) -> Result<String> {
        let name = function_name(A::NAME, self.stream().id());
        let history = self.all().await?;
        let mut events = Vec::with_capacity(history.len());
        for event in &history {
            events.push(encode(&event.data)?);
        }
        let last = last_action(&history);
        let state: A = crate::fold(history.into_iter().map(|event| event.data));
        let state = serde_json::to_string(&state).map_err(|source| unwritten(A::NAME, source))?;
        Ok(test::<A>(&name, &events, last, &state))
    }
}

/// The last action of a stream: its name and how many events it emitted.
#[derive(Clone)]
struct LastAction {
    name: String,
    events: usize,
}

fn last_action<Es>(history: &[Committed<Es>]) -> Option<LastAction> {
    let last = history.last()?;
    let caused = last.meta.causation()?;
    let together = |event: &&Committed<Es>| {
        event.meta.causation() == Some(caused)
            && event.meta.correlation() == last.meta.correlation()
            && event.created == last.created
    };
    let events = history.iter().rev().take_while(together).count();
    // What a reaction asked for is caused by `Action#id`.
    let name = caused.split('#').next().unwrap_or(caused).to_owned();
    Some(LastAction { name, events })
}

fn encode<Es: Events>(event: &Es) -> Result<Encoded> {
    compare::encode(event).map_err(|source| unwritten(event.kind().name, source))
}

fn unwritten(what: &str, source: serde_json::Error) -> crate::Error {
    crate::Error::Encode { what: what.to_owned(), source }
}

fn test<A: Actions>(
    name: &str,
    events: &[Encoded],
    last: Option<LastAction>,
    state: &str,
) -> String {
    let steps = match last {
        None => given::<A>(events),
        Some(last) => {
            let (before, emitted) = events.split_at(events.len() - last.events);
            match input::<A>(&last.name, before, emitted) {
                Some(input) => [
                    given::<A>(before),
                    format!(
                        "\n    .when(actum::testing::input::<{}>({}))",
                        last.name,
                        literal(input)
                    ),
                    format!("\n    .then({})", list::<A>(emitted)),
                ]
                .concat(),
                None => [
                    format!(
                        "// The last action was `{}`; the log does not keep its input.\n    ",
                        last.name
                    ),
                    given::<A>(events),
                ]
                .concat(),
            }
        }
    };
    let state = literal(state);
    format!("#[test]\nfn {name}() {{\n    {steps}\n    .then_state_json({state});\n}}\n")
}

/// An input with which the action emits these very events.
fn input<'a, A: Actions>(
    action: &str,
    before: &[Encoded],
    emitted: &'a [Encoded],
) -> Option<&'a str> {
    let entry = A::ACTIONS.iter().find(|entry| entry.spec.name == action)?;
    let state = sound::replay::<A>(before).ok()?;
    let emits = |input: &&str| {
        let events = Json::from_text(*input).map(|input| (entry.act)(&state, &input));
        let Ok(Ok(events)) = events else { return false };
        let events: Option<Vec<_>> = events.iter().map(|event| encode(event).ok()).collect();
        events.is_some_and(|events| compare::equal(emitted, &events))
    };
    emitted.iter().map(|event| event.text.as_str()).chain(["null", "{}"]).find(emits)
}

/// The first step of a test.
pub(super) fn given<A: Aggregate>(events: &[Encoded]) -> String {
    let aggregate = last_segment(type_name::<A>());
    if events.is_empty() {
        return format!("actum::testing::given_nothing::<{aggregate}>()");
    }
    format!("actum::testing::given::<{aggregate}>({})", list::<A>(events))
}

fn list<A>(events: &[Encoded]) -> String {
    let aggregate = last_segment(type_name::<A>());
    let mut out = String::from("[\n");
    for Encoded { name, text, .. } in events {
        let json = literal(text);
        let _ = writeln!(out, "        actum::testing::event::<{aggregate}>({name:?}, {json}),");
    }
    out.push_str("    ]");
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
