//! Names and payloads that try to get out of their place.

use actum::{
    Committed,
    diagram::{self, Target},
};

use crate::{events::event, shop, sound::Drawn};

const HOSTILE: [&str; 12] = [
    "\"]:::action\nclick x \"javascript:alert(1)\"",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]></title></text></svg><script>alert(1)</script>",
    "end subgraph x[y] --> z %% comment",
    "&lt;b&gt; &#60;b&#62; #lt;b#gt; #quot;",
    "`markdown **string**` 1. list",
    "%%{init: {'securityLevel': 'loose'}}%%",
    "style: x#y; classDef z fill:#fff;",
    "Ж日本語 🛒 e\u{301} \u{202e}desrever\u{202c}",
    "' onload='alert(1)",
    "\u{0}\u{1}\u{8}\u{c}\u{1f}\u{fffe}\u{ffff}",
    "---\ntitle: x\n---",
];

fn stored(text: &str, id: u64) -> Committed {
    let data = serde_json::to_string(text).expect("JSON");
    let stream: String = text.chars().filter(|letter| !letter.is_control()).collect();
    let causation = format!("{text}#{}", id - 1);
    let stream = format!("Cart-{stream}.");
    let micros = i64::try_from(id).expect("small") * 1_000;
    event((id, &stream, 1), text, (&data, &causation, micros))
}

/// What the allow-list lets through, and the syntax that is written around it.
fn check_mermaid(text: &str) {
    for line in text.lines() {
        let mut quoted = line.split('"').skip(1).step_by(2);
        assert!(line.matches('"').count() <= 2, "{line}");
        let Some(label) = quoted.next() else { continue };
        let label = label.replace("<br/>", " ");
        let harmless = |letter: char| letter.is_alphanumeric() || " _-,+=·…→#;".contains(letter);
        assert!(label.chars().all(harmless), "{label}");
        let mut entities = label.split('#').skip(1);
        let is_entity = |after: &str| {
            after.split_once(';').is_some_and(|(number, _)| number.parse::<u32>().is_ok())
        };
        assert!(entities.all(is_entity), "{label}");
    }
    let is_known = |line: &str| {
        let line = line.trim();
        ["flowchart ", "subgraph ", "classDef ", "committed_", "by_committed_", "action_", "event_"]
            .iter()
            .chain(&["projection_", "reaction_"])
            .any(|start| line.starts_with(start))
            || line == "end"
    };
    assert!(text.lines().all(is_known), "{text}");
}

fn check(name: &str, drawn: &diagram::Diagram) -> Drawn {
    check_mermaid(&drawn.mermaid());
    let drawn = Drawn::of(name, drawn);
    drawn.check();
    let elements: Vec<_> = drawn.elements().into_iter().collect();
    assert_eq!(elements, ["g", "path", "rect", "style", "svg", "text", "title"]);
    drawn
}

#[test]
fn hostile_events_stay_in_their_boxes() {
    let events: Vec<_> = (1..).zip(HOSTILE).map(|(id, text)| stored(text, id)).collect();
    let timeline = check("hostile-timeline", &diagram::timeline(&events));
    assert!(timeline.texts().contains("<script>alert(1)</script>"), "shown as it is");
    check("hostile-causes", &diagram::causes(&events));
    for event in events {
        check("hostile-one", &diagram::timeline(&[event]));
    }
}

#[test]
fn hostile_names_stay_in_their_boxes() {
    for text in HOSTILE {
        let mut model = shop::app().model();
        for aggregate in &mut model.aggregates {
            aggregate.docs = text;
            for action in &mut aggregate.actions {
                action.docs = text;
            }
            for event in &mut aggregate.events {
                event.docs = text;
            }
        }
        if let Some(cart) = model.aggregates.first_mut() {
            cart.name = text;
            cart.actions[0].name = text;
            cart.actions[0].emits.push(text);
            cart.events[0].name = text;
            cart.given[0].name = text;
        }
        model.projections[0].name = text;
        model.projections[0].takes[0].event = text;
        model.projections[0].takes[0].from = vec![text];
        model.reactions[0].name = text;
        let board = check("hostile-board", &diagram::board(&model));
        assert_eq!(board.count("aggregate", &shown(text)), 1);
        check("hostile-aggregate", &diagram::aggregate(&model, text).expect("it is there"));
    }
}

/// As it can be in XML at all.
fn shown(text: &str) -> String {
    let letter = |letter: char| match letter {
        '\n' => '\n',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(letter).collect()
}

#[test]
fn paths_of_targets_are_safe_in_a_url() {
    for text in HOSTILE {
        let aggregate = text.to_owned();
        let path = Target::Action { aggregate, action: "../x?y#z".to_owned() }.to_string();
        let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "%-_.~/".contains(letter);
        assert!(path.chars().all(is_safe), "{path}");
        assert!(path.ends_with("/..%2Fx%3Fy%23z") && path.matches('/').count() == 2, "{path}");
    }
}

#[test]
fn long_names_are_cut_and_told_in_full() {
    let long = "x".repeat(500);
    let drawn = diagram::timeline(&[stored(&long, 1)]);
    let drawn = check("long", &drawn);
    assert!(drawn.width < 1_000, "{} pixels wide", drawn.width);
    assert!(drawn.texts().contains(&format!("{long} 1\n")), "the tooltip has all of it");
}

/// Ten thousand steps, each the cause of the next: neither the stack nor the width gives way.
#[test]
fn a_long_chain_is_drawn_in_a_narrow_picture() {
    let events: Vec<_> = (1..=10_000).map(|id| stored("Stepped", id)).collect();
    let drawn = Drawn::of("chain", &diagram::causes(&events));
    assert!(drawn.width < 2_000, "{} pixels wide", drawn.width);
    assert_eq!(drawn.count("committed", "10000"), 1);
}
