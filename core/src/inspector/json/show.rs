//! Draws values: one line for each leaf, changes marked; and lists the changed paths.

use maud::{Markup, html};

use super::{Change, Node};
use crate::inspector::text;

/// How many lines are drawn.
const LINES: usize = 2000;

/// How many bytes of a leaf are drawn.
const LEAF: usize = 2048;

/// How many items that have not changed are drawn in a row where others have.
const UNCHANGED: usize = 12;

/// One changed path.
#[derive(Clone, Debug)]
pub(in crate::inspector) struct Shown {
    /// `+`, `−` or `~`.
    pub(in crate::inspector) sign: char,
    pub(in crate::inspector) path: String,
    pub(in crate::inspector) text: String,
}

/// A value.
pub(in crate::inspector) fn show(json: &str) -> Markup {
    let node = Node::of(json);
    shown(&Change::Same(&node))
}

/// A value beside an earlier one.
pub(in crate::inspector) fn shown(change: &Change<'_, '_>) -> Markup {
    let mut draw = Draw { lines: Vec::new(), left: LINES };
    draw.change(change, Place::ALONE, Kind::Same);
    let is_cut = draw.left == 0;
    html! {
        pre.json tabindex="0" { @for line in &draw.lines { (line) } }
        @if is_cut { p.muted { "Cut after " (LINES) " lines." } }
    }
}

/// A value in one short line.
pub(in crate::inspector) fn line(json: &str) -> String {
    brief(&Node::of(json))
}

/// The changed paths, at most so many.
pub(in crate::inspector) fn changes(change: &Change<'_, '_>, most: usize) -> Vec<Shown> {
    let mut all = Vec::new();
    collect(change, "", most, &mut all);
    all
}

fn collect(change: &Change<'_, '_>, path: &str, most: usize, all: &mut Vec<Shown>) {
    if all.len() >= most {
        return;
    }
    let deeper = |name: &str| {
        let join = if path.is_empty() { "" } else { "/" };
        format!("{path}{join}{name}")
    };
    let mut push = |sign, text| all.push(Shown { sign, path: path.to_owned(), text });
    match change {
        Change::Same(_) => {}
        Change::Added(node) => push('+', brief(node)),
        Change::Removed(node) => push('−', brief(node)),
        Change::Replaced(old, new) => push('~', format!("{} → {}", brief(old), brief(new))),
        Change::Object(fields) => {
            for (name, change) in fields {
                collect(change, &deeper(name), most, all);
            }
        }
        Change::List(items) => {
            for (at, change) in items.iter().enumerate() {
                collect(change, &deeper(&at.to_string()), most, all);
            }
        }
    }
}

fn brief(node: &Node<'_>) -> String {
    let mut out = String::new();
    write(node, &mut out);
    match text::start(&out, 120) {
        (all, true) => all.to_owned(),
        (start, false) => format!("{start}…"),
    }
}

fn write(node: &Node<'_>, out: &mut String) {
    if out.len() > 200 {
        return;
    }
    match node {
        Node::Leaf(text) => out.push_str(text::start(text, 200).0),
        Node::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write(item, out);
            }
            out.push(']');
        }
        Node::Object(fields) => {
            out.push('{');
            for (at, (name, value)) in fields.iter().enumerate() {
                out.push_str(if at == 0 { "\"" } else { ",\"" });
                out.extend([name, "\":"]);
                write(value, out);
            }
            out.push('}');
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Same,
    Added,
    Removed,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    depth: usize,
    name: Option<&'a str>,
    comma: &'static str,
}

impl<'a> Place<'a> {
    const ALONE: Self = Self { depth: 0, name: None, comma: "" };

    fn inside(self, name: Option<&'a str>, at: usize, count: usize) -> Self {
        Self { depth: self.depth + 1, name, comma: if at + 1 < count { "," } else { "" } }
    }
}

struct Draw {
    lines: Vec<Markup>,
    left: usize,
}

impl Draw {
    fn line(&mut self, kind: Kind, depth: usize, text: &Markup) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let (class, sign) = match kind {
            Kind::Same => ("line", " "),
            Kind::Added => ("line add", "+"),
            Kind::Removed => ("line del", "−"),
        };
        let indent = "  ".repeat(depth);
        self.lines.push(html! {
            span class=(class) { span.sign { (sign) } (indent) (text) "\n" }
        });
    }

    fn open(&mut self, place: Place<'_>, kind: Kind, bracket: &str) {
        self.line(kind, place.depth, &html! { (key(place.name)) (bracket) });
    }

    fn close(&mut self, place: Place<'_>, kind: Kind, bracket: &str) {
        self.line(kind, place.depth, &html! { (bracket) (place.comma) });
    }

    fn change(&mut self, change: &Change<'_, '_>, place: Place<'_>, kind: Kind) {
        match change {
            Change::Same(node) => self.node(node, place, kind),
            Change::Added(node) => self.node(node, place, Kind::Added),
            Change::Removed(node) => self.node(node, place, Kind::Removed),
            Change::Replaced(old, new) => {
                self.node(old, place, Kind::Removed);
                self.node(new, place, Kind::Added);
            }
            Change::Object(fields) => {
                self.open(place, kind, "{");
                for (at, (name, change)) in fields.iter().enumerate() {
                    self.change(change, place.inside(Some(name), at, fields.len()), kind);
                }
                self.close(place, kind, "}");
            }
            Change::List(items) => {
                self.open(place, kind, "[");
                self.items(items, place, kind);
                self.close(place, kind, "]");
            }
        }
    }

    /// Leaves out most of what has not changed.
    fn items(&mut self, items: &[Change<'_, '_>], place: Place<'_>, kind: Kind) {
        let mut at = 0;
        while let Some(rest) = items.get(at..).filter(|rest| !rest.is_empty()) {
            let same = rest.iter().take_while(|item| item.is_same()).count();
            let left_out = if same > UNCHANGED { same - 2 } else { 0 };
            if left_out > 0 {
                let text = html! { span.gone { "… " (left_out) " that are the same" } };
                self.line(Kind::Same, place.depth + 1, &text);
            }
            let until = at + same.max(1);
            for (index, item) in items.iter().enumerate().take(until).skip(at + left_out) {
                self.change(item, place.inside(None, index, items.len()), kind);
            }
            at = until;
        }
    }

    fn node(&mut self, node: &Node<'_>, place: Place<'_>, kind: Kind) {
        if self.left == 0 {
            return;
        }
        match node {
            Node::Leaf(text) => self.all(place, kind, &leaf(text)),
            Node::List(items) if items.is_empty() => self.all(place, kind, &html! { "[]" }),
            Node::Object(fields) if fields.is_empty() => self.all(place, kind, &html! { "{}" }),
            Node::List(items) => {
                self.open(place, kind, "[");
                for (at, item) in items.iter().enumerate() {
                    self.node(item, place.inside(None, at, items.len()), kind);
                }
                self.close(place, kind, "]");
            }
            Node::Object(fields) => {
                self.open(place, kind, "{");
                for (at, (name, value)) in fields.iter().enumerate() {
                    self.node(value, place.inside(Some(name), at, fields.len()), kind);
                }
                self.close(place, kind, "}");
            }
        }
    }

    /// A value that takes one line.
    fn all(&mut self, place: Place<'_>, kind: Kind, text: &Markup) {
        self.line(kind, place.depth, &html! { (key(place.name)) (text) (place.comma) });
    }
}

fn key(name: Option<&str>) -> Markup {
    html! { @if let Some(name) = name { span.k { bdi { (text::start(name, LEAF).0) } } ": " } }
}

fn leaf(text: &str) -> Markup {
    let class = match text.as_bytes().first() {
        Some(b'"') => "s",
        Some(b't' | b'f' | b'n') => "w",
        _ => "n",
    };
    let (start, whole) = text::start(text, LEAF);
    html! {
        span class=(class) { bdi { (start) } }
        @if !whole { span.gone { "… " (text::grouped(text.len() as u64)) " bytes" } }
    }
}
