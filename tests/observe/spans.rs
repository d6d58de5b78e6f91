//! The spans of actions, their fields, and that they cost nothing where nobody listens.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use actum::{prelude::*, trace};
use tracing::{
    Level, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

use crate::account::{Account, Income, pay};

/// What was told of a span: its level, its parent, its fields.
#[derive(Clone, Debug, Default)]
struct Told {
    level: Option<Level>,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<Heard>>>);

/// The id of a span, its name, and what was told of it.
type Heard = (u64, &'static str, Told);

impl Listener {
    fn named(&self, name: &str) -> Vec<Told> {
        let all = self.0.lock().expect("no panic");
        all.iter().filter(|(_, is, _)| *is == name).map(|(_, _, told)| told.clone()).collect()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, cx: Context<'_, S>) {
        let parent = cx.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
        let level = Some(*attributes.metadata().level());
        let mut told = Told { level, parent, ..Told::default() };
        attributes.record(&mut told);
        let name = attributes.metadata().name();
        self.0.lock().expect("no panic").push((id.into_u64(), name, told));
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        let mut all = self.0.lock().expect("no panic");
        let found = all.iter_mut().rev().find(|(is, _, _)| *is == id.into_u64());
        values.record(&mut found.expect("a span").2);
    }
}

#[tokio::test]
async fn an_action_is_a_span_with_its_append_within() {
    let listener = Listener::default();
    let _heard = tracing_subscriber::registry().with(listener.clone()).set_default();
    let app = App::new(Memory::new()).with::<Account>().start().await.expect("an app");
    app.act::<Account>("a", pay(5)).actor("alice").correlation("c").key("k").await.expect("paid");
    app.act::<Account>("b", pay(0)).await.expect("nothing");
    app.act::<Account>("b", pay(101)).await.expect_err("too much");

    let acts = listener.named(trace::ACT);
    let field = |at: usize, name: &str| acts[at].fields.get(name).map(String::as_str);
    assert_eq!(acts.len(), 3);
    for (name, value) in [
        (trace::AGGREGATE, "Account"),
        (trace::ACTION, "Pay"),
        (trace::STREAM, "Account-a"),
        (trace::ACTOR, "alice"),
        (trace::CORRELATION, "c"),
        (trace::KEY, "k"),
        (trace::EVENTS, "1"),
        (trace::VERSION, "1"),
        (trace::ID, "1"),
        (trace::OUTCOME, "stored"),
    ] {
        assert_eq!(field(0, name), Some(value), "{name}");
    }
    assert_eq!((field(1, trace::OUTCOME), field(1, trace::EVENTS)), (Some("unchanged"), Some("0")));
    assert_eq!((field(2, trace::OUTCOME), field(2, trace::EVENTS)), (Some("rejected"), None));
    assert!(acts.iter().all(|act| act.level == Some(Level::DEBUG) && act.parent.is_none()));

    let appends = listener.named(trace::APPEND);
    assert_eq!(appends.len(), 1, "only one has stored something");
    assert_eq!(appends[0].parent, Some(trace::ACT));
    assert_eq!(appends[0].fields[trace::STREAM], "Account-a");
}

#[tokio::test]
async fn an_action_that_was_decided_again_tells_how_often() {
    let listener = Listener::default();
    let _heard = tracing_subscriber::registry().with(listener.clone()).set_default();
    let store = Memory::new();
    let start = async || App::new(store.clone()).with::<Account>().start().await.expect("an app");
    let (one, two) = (start().await, start().await);
    for id in ["a", "b"] {
        one.act::<Account>(id, pay(1)).await.expect("paid, and in memory");
        two.act::<Account>(id, pay(2)).await.expect("paid by the other");
        one.act::<Account>(id, pay(3)).await.expect("decided again");
    }
    let tries: Vec<_> = listener
        .named(trace::ACT)
        .iter()
        .map(|act| act.fields.get(trace::TRIES).cloned())
        .collect();
    let again = Some("1".to_owned());
    assert_eq!(tries, [None, None, again.clone(), None, None, again]);
    assert_eq!(listener.named(trace::APPEND).len(), 8);
}

#[tokio::test]
async fn a_projection_that_catches_up_is_a_span() {
    let listener = Listener::default();
    let _heard = tracing_subscriber::registry().with(listener.clone()).set_default();
    let app = App::new(Memory::new()).with::<Account>().project::<Income>();
    let app = app.start().await.expect("an app");
    for id in ["a", "b"] {
        let done = app.act::<Account>(id, pay(5)).await.expect("paid");
        app.view::<Income>().after(done.id).await.expect("a view");
    }
    let folds = listener.named(trace::PROJECT);
    let after: Vec<_> = folds.iter().map(|fold| &*fold.fields[trace::ID]).collect();
    assert_eq!(after, ["0", "1"]);
    assert!(folds.iter().all(|fold| fold.fields[trace::PROJECTION] == "Income"));
}

#[tokio::test]
async fn the_span_of_a_reaction_names_the_event_and_its_trace() {
    let listener = Listener::default();
    let _heard = tracing_subscriber::registry().with(listener.clone()).set_default();
    let app = App::new(Memory::new()).with::<Account>().start().await.expect("an app");
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let act = app.act::<Account>("a", pay(1)).traceparent(header.parse().ok()).correlation("c");
    act.await.expect("paid");
    app.act::<Account>("b", pay(1)).traceparent("odd".parse().ok()).await.expect("paid");
    let events = app.read(Query::all()).all().await.expect("events");
    assert!(events[0].meta.json().as_str().ends_with(&format!(r#""traceparent":"{header}"}}"#)));
    assert!(!events[1].meta.json().as_str().contains("traceparent"));
    for event in &events {
        trace::react("Receipts", event).in_scope(|| {});
    }
    let reacts = listener.named(trace::REACT);
    assert_eq!(reacts[0].fields[trace::TRACEPARENT], header);
    assert_eq!(reacts[0].fields[trace::CORRELATION], "c");
    assert_eq!(reacts[1].fields.get(trace::TRACEPARENT), None);
    assert_eq!(reacts[1].fields[trace::STREAM], "Account-b");
    assert_eq!(reacts[1].fields[trace::EVENT], "Paid");
}
