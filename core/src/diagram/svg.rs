//! A drawing as SVG: one element of a page or a file of its own, without scripts, fonts or links to
//! anything it needs.

use std::{collections::HashMap, fmt};

use super::{
    STYLE, Target,
    scene::{Frame, Label, Line, Look, Node, Rect, Scene},
    text::Xml,
};

/// A drawing to be written.
pub(super) struct Svg<'a> {
    pub(super) scene: &'a Scene,
    /// Whether it has its styles in itself.
    pub(super) is_styled: bool,
}

impl fmt::Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scene { title, width, height, frames, lines, boxes, labels } = self.scene;
        // Readers that do not see it get one picture, or the links in it.
        let is_linked = boxes.iter().any(|node| node.href.is_some());
        let role = if is_linked { "group" } else { "img" };
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"actum-diagram\" role=\"{role}\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
        )?;
        writeln!(f, "<title>{}</title>", Xml(title))?;
        // Two drawings in one page share their styles; arrows are drawn, for markers need ids.
        if self.is_styled {
            writeln!(f, "<style>{}</style>", STYLE.trim())?;
        }
        writeln!(f, "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>")?;
        for Frame { rect, class } in frames {
            writeln!(f, "{}", Rectangle { rect: *rect, class, radius: 6 })?;
        }
        for line in lines {
            path(f, line)?;
        }
        let mut seen = HashMap::new();
        for node in boxes {
            let id = id(&mut seen, &node.target);
            boxed(f, node, &id)?;
        }
        for label in labels {
            named(f, label, &mut seen)?;
        }
        writeln!(f, "</svg>")
    }
}

struct Rectangle<'a> {
    rect: Rect,
    class: &'a str,
    radius: i32,
}

impl fmt::Display for Rectangle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rect { x, y, width, height } = self.rect;
        let Self { class, radius, .. } = self;
        write!(
            f,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             rx=\"{radius}\"/>"
        )
    }
}

/// The id of what stands for a target; a second one gets a number.
fn id(seen: &mut HashMap<Target, u32>, target: &Target) -> String {
    let times = seen.entry(target.clone()).or_default();
    *times += 1;
    let word = target.word();
    if *times == 1 { word } else { format!("{word}.{times}") }
}

/// Opens the group, and the link around it where there is one.
fn open(
    f: &mut fmt::Formatter<'_>,
    target: &Target,
    (id, class): (&str, &str),
    href: Option<&str>,
) -> fmt::Result {
    if let Some(href) = href {
        write!(f, "<a href=\"{}\">", Xml(href))?;
    }
    let (kind, names) = target.parts();
    write!(f, "<g class=\"{class}\" id=\"{id}\" data-kind=\"{kind}\"")?;
    if let [aggregate, _] = names.as_slice() {
        write!(f, " data-aggregate=\"{}\"", Xml(aggregate))?;
    }
    let name = names.last().map(String::as_str).unwrap_or_default();
    write!(f, " data-name=\"{}\">", Xml(name))
}

fn close(f: &mut fmt::Formatter<'_>, href: Option<&str>) -> fmt::Result {
    writeln!(f, "</g>{}", if href.is_some() { "</a>" } else { "" })
}

fn boxed(f: &mut fmt::Formatter<'_>, node: &Node, id: &str) -> fmt::Result {
    let href = node.href.as_deref();
    open(f, &node.target, (id, node.look.word()), href)?;
    write!(f, "<title>{}</title>", Xml(&node.tooltip))?;
    let radius = match node.look {
        Look::Action => 3,
        Look::Event => 8,
        Look::Projection | Look::Reaction => 5,
    };
    write!(f, "{}", Rectangle { rect: node.rect, class: "box", radius })?;
    sign(f, node.look, node.sign())?;
    let name = if node.is_struck { "name struck" } else { "name" };
    let lines =
        std::iter::once((name, &node.name)).chain(node.details.iter().map(|line| ("detail", line)));
    for (at, (class, line)) in node.texts().zip(lines) {
        text(f, at, class, line)?;
    }
    close(f, href)
}

fn named(
    f: &mut fmt::Formatter<'_>,
    label: &Label,
    seen: &mut HashMap<Target, u32>,
) -> fmt::Result {
    let (x, y) = label.at;
    if let Some(look) = label.sign {
        write!(f, "<g class=\"{}\">", look.word())?;
        sign(f, look, (x, y - 10))?;
        text(f, (x + 16, y), label.class, &label.text)?;
        return writeln!(f, "</g>");
    }
    let Some(about) = &label.about else {
        text(f, label.at, label.class, &label.text)?;
        return writeln!(f);
    };
    let href = about.href.as_deref();
    open(f, &about.target, (&id(seen, &about.target), "about"), href)?;
    write!(f, "<title>{}</title>", Xml(&about.tooltip))?;
    text(f, label.at, label.class, &label.text)?;
    close(f, href)
}

fn text(f: &mut fmt::Formatter<'_>, (x, y): (i32, i32), class: &str, text: &str) -> fmt::Result {
    write!(f, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", Xml(text))
}

/// The sign of a kind, 10 pixels wide: it tells the kinds apart without their colours.
fn sign(f: &mut fmt::Formatter<'_>, look: Look, (x, y): (i32, i32)) -> fmt::Result {
    let shape = match look {
        Look::Action => "l9,5 l-9,5 z",
        Look::Event => "m5,0 l5,5 l-5,5 l-5,-5 z",
        Look::Projection => "h10 v2.5 h-10 z m0,3.75 h10 v2.5 h-10 z m0,3.75 h10 v2.5 h-10 z",
        Look::Reaction => "m6,0 l-5,6 h3.5 l-1,5 l5,-6.5 h-3.5 z",
    };
    write!(f, "<path class=\"sign\" d=\"M{x},{y} {shape}\"/>")
}

fn path(f: &mut fmt::Formatter<'_>, line: &Line) -> fmt::Result {
    let Line { points, class, is_arrow } = line;
    let mut step = 'M';
    write!(f, "<path class=\"line {class}\" d=\"")?;
    for (x, y) in points {
        write!(f, "{step}{x},{y}")?;
        step = 'L';
    }
    writeln!(f, "\"/>")?;
    match points.as_slice() {
        [.., (_, from), (x, y)] if *is_arrow && from < y => {
            writeln!(f, "<path class=\"tip {class}\" d=\"M{x},{y} l-4,-7 h8 z\"/>")
        }
        [.., (from, _), (x, y)] if *is_arrow && from < x => {
            writeln!(f, "<path class=\"tip {class}\" d=\"M{x},{y} l-7,-4 v8 z\"/>")
        }
        _ => Ok(()),
    }
}
