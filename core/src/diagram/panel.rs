//! One aggregate as a panel: events side by side, above each the actions that may emit it, below
//! each the projections and reactions that take it.
//!
//! Whoever is connected with neighbouring events is one box over all of them. So every box above or
//! below an event is connected with it, one upright line for each event says it all, and no line
//! crosses another. A box is never above an event that it has nothing to do with: there it is two
//! boxes, joined by a dashed line.

mod bar;
mod content;
mod lanes;

pub(super) use self::lanes::Lanes;

use self::{
    bar::{Bar, stack},
    content::{asked, happens, head, takes},
};
use super::{
    Target,
    flow::{Flow, Taker, target},
    scene::{Frame, Label, Line, Node, Rect, Scene},
    text::{count, cut, summary, width},
};

/// How much a panel tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Names and what is asked.
    Names,
    /// The first lines of the docs, too, and all preconditions.
    Docs,
}

/// A panel whose parts have their columns, but no place yet.
pub(super) struct Panel {
    /// Whether it has more of the events of the panel before it.
    pub(super) is_continued: bool,
    head: Label,
    below_head: String,
    columns: Vec<Option<Node>>,
    widths: Vec<i32>,
    above: Vec<Bar>,
    below: Vec<Bar>,
    notes: Vec<String>,
}

/// So many events stand side by side; the others follow in a panel of their own.
const ABREAST: usize = 8;
/// Between two columns.
const GAP: i32 = 14;
/// Between a panel's edge and its content.
const INSET: i32 = 14;
/// Between two lanes, for an arrow.
const LEAP: i32 = 26;
/// Between a lane of events and the edge where nothing stands.
const EDGE: i32 = 12;
/// What stands above the lanes, without and with docs.
const HEADS: [i32; 2] = [38, 56];
/// The lanes' names at the left.
const SIDE: i32 = 64;
/// The height of a note.
const NOTE: i32 = 18;

impl Panel {
    /// The panels of an aggregate: one, or more when it has many events.
    pub(super) fn all(flow: &Flow<'_>, detail: Detail) -> Vec<Self> {
        let panels = flow.events.len().div_ceil(ABREAST).max(1);
        // All of about the same length.
        let abreast = flow.events.len().div_ceil(panels).max(1);
        (0..panels).map(|panel| Self::of(flow, detail, panel * abreast, abreast)).collect()
    }

    /// The panel of so many events from the first of them on.
    fn of(flow: &Flow<'_>, detail: Detail, first: usize, abreast: usize) -> Self {
        let events: Vec<_> = flow.events.iter().skip(first).take(abreast).collect();
        let mut columns: Vec<Option<Node>> =
            events.iter().map(|event| Some(happens(flow, event, detail))).collect();
        let (mut above, mut below) = (Vec::new(), Vec::new());
        let here = |places: &[usize]| -> Vec<usize> {
            let inside = places.iter().filter_map(|place| place.checked_sub(first));
            inside.filter(|place| *place < events.len()).collect()
        };
        let mut idle = false;
        for action in &flow.actions {
            let mut at = here(&action.emits);
            // What emits nothing, or takes nothing, has a column without an event.
            if action.emits.is_empty() && first == 0 {
                at.push(events.len());
                idle = true;
            }
            above.extend(Bar::new(&at, |_| asked(flow, action, detail)));
        }
        for taker in &flow.takers {
            let taken: Vec<_> = taker.takes.iter().map(|takes| takes.event).collect();
            let mut at = here(&taken);
            if taken.is_empty() && first == 0 {
                at.push(events.len());
                idle = true;
            }
            below.extend(Bar::new(&at, |columns| {
                takes(taker, detail, |event| {
                    event.checked_sub(first).is_some_and(|place| columns.contains(&place))
                })
            }));
        }
        if idle {
            columns.push(None);
        }
        let notes = match (flow.aggregate, detail) {
            (Some(aggregate), Detail::Docs) => aggregate
                .given
                .iter()
                .map(|given| format!("given {}: {}", given.name, summary(given.docs)))
                .collect(),
            _ => Vec::new(),
        };
        let widths = widths(&columns, &above, &below, detail);
        let is_continued = first > 0;
        let (head, below_head) = head(flow, is_continued);
        Self { is_continued, head, below_head, columns, widths, above, below, notes }
    }

    /// The room that its lanes need.
    pub(super) fn lanes(&self) -> Lanes {
        let leap = |lane: &[Bar]| if lane.is_empty() { EDGE } else { LEAP };
        let [plain, with_docs] = HEADS;
        Lanes {
            head: if self.below_head.is_empty() { plain } else { with_docs },
            above: stack(&self.above).1,
            leap_above: leap(&self.above),
            events: self.columns.iter().flatten().map(|one| one.rect.height).max().unwrap_or(0),
            leap_below: leap(&self.below),
            below: stack(&self.below).1,
        }
    }

    /// How wide it is.
    pub(super) fn width(&self) -> i32 {
        let columns = count(self.widths.len());
        let all = self.widths.iter().sum::<i32>() + GAP * (columns - 1).max(0);
        (all + 2 * INSET + SIDE).max(2 * INSET + width(&self.head.text, 16))
    }

    /// How high it is with lanes of these heights.
    pub(super) fn height(&self, lanes: Lanes) -> i32 {
        lanes.foot() + lanes.below + INSET + count(self.notes.len()) * NOTE
    }

    /// Makes it wider, by about the same for each column.
    pub(super) fn widen(&mut self, by: i32) {
        let shares = shares(by, self.widths.len());
        for (width, share) in self.widths.iter_mut().zip(shares) {
            *width += share;
        }
    }

    /// Draws it at the top left.
    pub(super) fn draw(self, lanes: Lanes) -> Scene {
        let mut scene = Scene::default();
        let (width, height) = (self.width(), self.height(lanes));
        let Lanes { events, below, .. } = lanes;
        let (middle, foot) = (lanes.middle(), lanes.foot());
        let outer = Rect { x: 0, y: 0, width, height };
        scene.frames.push(Frame { rect: outer, class: "frame" });
        let band = Rect { x: 1, y: middle - 9, width: width - 2, height: events + 18 };
        scene.frames.push(Frame { rect: band, class: "lane" });
        scene.label((INSET, 42), "detail", cut(&self.below_head, 11, width - 2 * INSET));
        let mut lefts = Vec::new();
        let mut x = INSET + SIDE;
        for width in &self.widths {
            lefts.push(Span { x, width: *width });
            x += width + GAP;
        }
        for (y, text, is_there) in [
            (middle - lanes.leap_above - 12, "actions", !self.above.is_empty()),
            (middle + 20, "events", self.columns.iter().any(Option::is_some)),
            (foot + 20, "seen by", !self.below.is_empty()),
        ] {
            if is_there {
                scene.label((INSET, y), "detail", text);
            }
        }
        let (rows, _) = stack(&self.above);
        let tops = bar::draw(&mut scene, self.above, &rows, &lefts, |from, height| {
            middle - lanes.leap_above - from - height
        });
        let (rows, _) = stack(&self.below);
        let bottoms = bar::draw(&mut scene, self.below, &rows, &lefts, |from, _| foot + from);
        for ((place, column), span) in self.columns.into_iter().enumerate().zip(&lefts) {
            let Some(mut event) = column else { continue };
            let x = span.x + span.width / 2;
            event.rect = Rect { x: span.x, y: middle, width: span.width, height: events };
            // Behind the boxes, so that one line connects all of a column.
            let mut upright = |from, to, is_arrow| {
                let points = vec![(x, from), (x, to)];
                scene.lines.push(Line { points, class: "", is_arrow });
            };
            if let Some(ends) = tops.get(&place) {
                upright(ends.far, middle, true);
            }
            if let Some(ends) = bottoms.get(&place) {
                upright(middle + events, ends.near, true);
                upright(ends.near, ends.far, false);
            }
            scene.boxes.push(event.fit());
        }
        for (line, note) in self.notes.iter().enumerate() {
            let y = foot + below + NOTE + count(line) * NOTE - 4;
            scene.label((INSET, y), "detail", cut(note, 11, width - 2 * INSET));
        }
        scene.labels.push(self.head);
        (scene.width, scene.height) = (width, height);
        scene
    }
}

/// A length in so many parts, which differ by 1 at most.
pub(super) fn shares(length: i32, parts: usize) -> impl Iterator<Item = i32> {
    let parts = count(parts).max(1);
    (0..parts).map(move |part| (length + part) / parts)
}

/// Where a column is.
#[derive(Clone, Copy, Debug)]
struct Span {
    x: i32,
    width: i32,
}

/// How wide each column must be for what stands in it alone, within limits.
fn widths(columns: &[Option<Node>], above: &[Bar], below: &[Bar], detail: Detail) -> Vec<i32> {
    let least = match detail {
        Detail::Names => 116,
        Detail::Docs => 180,
    };
    let mut widths = vec![least; columns.len()];
    let mut want = |at: usize, columns: usize, node: &Node| {
        let wanted = Node::wanted(&node.name, &node.details) / count(columns).max(1);
        for width in widths.iter_mut().skip(at).take(columns) {
            *width = (*width).max(wanted.min(240));
        }
    };
    for (at, event) in columns.iter().enumerate() {
        if let Some(event) = event {
            want(at, 1, event);
        }
    }
    for part in above.iter().chain(below).flat_map(|bar| &bar.parts) {
        want(part.first, part.last - part.first + 1, &part.node);
    }
    widths
}

/// The words for what a reaction asks, for Mermaid.
pub(super) fn asks(taker: &Taker<'_>) -> Vec<Target> {
    taker.asks(|_| true).iter().map(target).collect()
}
