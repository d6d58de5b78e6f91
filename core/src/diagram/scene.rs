//! What is drawn, with its place: boxes, lines and texts, in pixels from the top left.

use super::{
    Target,
    text::{cut, width},
};

/// The font size of a name.
pub(super) const NAME: i32 = 13;
/// The font size of what stands below a name.
pub(super) const DETAIL: i32 = 11;
/// From the edge of a box to its text.
const INSET: i32 = 10;
/// The room of the sign before a name.
const SIGN: i32 = 16;

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scene {
    pub(super) title: String,
    pub(super) width: i32,
    pub(super) height: i32,
    /// Behind everything.
    pub(super) frames: Vec<Frame>,
    pub(super) lines: Vec<Line>,
    pub(super) boxes: Vec<Node>,
    pub(super) labels: Vec<Label>,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// A background.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) rect: Rect,
    pub(super) class: &'static str,
}

/// What a box is, by its colour and sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Action,
    Event,
    Projection,
    Reaction,
}

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) rect: Rect,
    pub(super) look: Look,
    pub(super) name: String,
    pub(super) details: Vec<String>,
    pub(super) tooltip: String,
    /// Whether it no longer counts: its name is struck out.
    pub(super) is_struck: bool,
    pub(super) target: Target,
    pub(super) href: Option<String>,
}

/// A line from point to point.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) points: Vec<(i32, i32)>,
    pub(super) class: &'static str,
    pub(super) is_arrow: bool,
}

/// A text outside boxes, or the sign of a kind with its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) at: (i32, i32),
    pub(super) text: String,
    pub(super) class: &'static str,
    pub(super) sign: Option<Look>,
    /// What it stands for and its tooltip, where it is more than a text.
    pub(super) about: Option<About>,
}

/// What a label stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct About {
    pub(super) target: Target,
    pub(super) tooltip: String,
    pub(super) href: Option<String>,
}

impl Look {
    pub(super) const ALL: [Self; 4] = [Self::Action, Self::Event, Self::Projection, Self::Reaction];

    /// The word for it, which is its class as well.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Event => "event",
            Self::Projection => "projection",
            Self::Reaction => "reaction",
        }
    }
}

impl Node {
    /// The width at which nothing is cut.
    pub(super) fn wanted(name: &str, details: &[String]) -> i32 {
        let details = details.iter().map(|line| width(line, DETAIL)).max().unwrap_or_default();
        // Names are set in bold.
        let name = width(name, NAME) * 107 / 100 + SIGN + 2;
        name.max(details) + 2 * INSET
    }

    /// The height that so many lines of details need.
    pub(super) fn height(details: usize) -> i32 {
        32 + super::text::count(details) * 15
    }

    /// Cuts what does not fit.
    pub(super) fn fit(mut self) -> Self {
        let room = self.rect.width - 2 * INSET;
        self.name = cut(&self.name, NAME, (room - SIGN) * 100 / 107);
        for line in &mut self.details {
            *line = cut(line, DETAIL, room);
        }
        self
    }

    /// Where its sign stands.
    pub(super) const fn sign(&self) -> (i32, i32) {
        (self.rect.x + INSET, self.rect.y + 11)
    }

    /// Where its texts stand: the name, then the details.
    pub(super) fn texts(&self) -> impl Iterator<Item = (i32, i32)> {
        let Rect { x, y, .. } = self.rect;
        let details = (0..).map(move |line| (x + INSET, y + 37 + line * 15));
        std::iter::once((x + INSET + SIGN, y + 21)).chain(details)
    }
}

impl Rect {
    pub(super) const fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) const fn bottom(self) -> i32 {
        self.y + self.height
    }
}

impl Scene {
    /// A text.
    pub(super) fn label(&mut self, at: (i32, i32), class: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.labels.push(Label { at, text, class, sign: None, about: None });
    }

    /// The title, the line below it, and what the colours mean; where the rest begins.
    pub(super) fn head(&mut self, left: i32, title: &str, below: &str, looks: &[Look]) -> i32 {
        title.clone_into(&mut self.title);
        self.label((left, 32), "title", cut(title, 18, 640));
        self.label((left, 52), "muted", cut(below, 12, 900));
        let mut x = left;
        for look in looks {
            self.labels.push(Label {
                at: (x, 76),
                text: look.word().to_owned(),
                class: "legend",
                sign: Some(*look),
                about: None,
            });
            x += 40 + width(look.word(), 12);
        }
        92
    }

    /// Moves all of another drawing into this one.
    pub(super) fn place(&mut self, other: Self, (x, y): (i32, i32)) {
        let moved = |rect: Rect| Rect { x: rect.x + x, y: rect.y + y, ..rect };
        self.frames
            .extend(other.frames.into_iter().map(|one| Frame { rect: moved(one.rect), ..one }));
        self.boxes.extend(other.boxes.into_iter().map(|one| Node { rect: moved(one.rect), ..one }));
        self.lines.extend(other.lines.into_iter().map(|mut line| {
            for point in &mut line.points {
                *point = (point.0 + x, point.1 + y);
            }
            line
        }));
        let labels = other.labels.into_iter();
        self.labels.extend(labels.map(|one| Label { at: (one.at.0 + x, one.at.1 + y), ..one }));
    }
}
