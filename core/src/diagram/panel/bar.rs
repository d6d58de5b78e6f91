//! Boxes over one or more columns, stacked so that none covers another.

use std::collections::BTreeMap;

use super::{GAP, Span};
use crate::diagram::{
    scene::{Line, Node, Rect, Scene},
    text::count,
};

/// All boxes of one action, projection or reaction: they share a row.
pub(super) struct Bar {
    pub(super) parts: Vec<Part>,
}

/// A box over neighbouring columns.
pub(super) struct Part {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) node: Node,
}

/// A row of a stack.
pub(super) struct Row {
    /// The places of its bars.
    bars: Vec<usize>,
    /// From where the stack begins.
    from: i32,
    height: i32,
}

/// Between two rows.
const BETWEEN: i32 = 8;

impl Bar {
    /// Boxes over these columns; none without columns.
    pub(super) fn new(columns: &[usize], node: impl Fn(&[usize]) -> Node) -> Option<Self> {
        let mut sorted = columns.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let runs = sorted.chunk_by(|one, next| one + 1 == *next);
        let part = |run: &[usize]| {
            let (first, last) = (*run.first()?, *run.last()?);
            Some(Part { first, last, node: node(run) })
        };
        let parts: Vec<_> = runs.filter_map(part).collect();
        if parts.is_empty() { None } else { Some(Self { parts }) }
    }

    /// From the first to the last column.
    fn range(&self) -> (usize, usize) {
        let first = self.parts.first().map_or(0, |part| part.first);
        (first, self.parts.last().map_or(0, |part| part.last))
    }

    fn height(&self) -> i32 {
        self.parts.iter().map(|part| part.node.rect.height).max().unwrap_or_default()
    }
}

/// The rows of a stack, nearest first, and its height: each bar goes to the first row with room.
pub(super) fn stack(bars: &[Bar]) -> (Vec<Row>, i32) {
    let mut rows: Vec<Row> = Vec::new();
    for (place, bar) in bars.iter().enumerate() {
        let (first, last) = bar.range();
        let is_free = |row: &&mut Row| {
            let ranges = row.bars.iter().filter_map(|place| bars.get(*place)).map(Bar::range);
            ranges.into_iter().all(|(from, to)| to < first || last < from)
        };
        match rows.iter_mut().find(is_free) {
            Some(row) => {
                row.bars.push(place);
                row.height = row.height.max(bar.height());
            }
            None => rows.push(Row { bars: vec![place], from: 0, height: bar.height() }),
        }
    }
    let mut from = 0;
    for row in &mut rows {
        row.from = from;
        from += row.height + BETWEEN;
    }
    (rows, (from - BETWEEN).max(0))
}

/// The tops of the nearest and of the farthest box of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) near: i32,
    pub(super) far: i32,
}

/// Draws a stack; `y` is the top of a box that begins so far from the events and has such a height.
/// It gives the ends of the stack in each column.
pub(super) fn draw(
    scene: &mut Scene,
    bars: Vec<Bar>,
    rows: &[Row],
    columns: &[Span],
    y: impl Fn(i32, i32) -> i32,
) -> BTreeMap<usize, Ends> {
    let mut ends = BTreeMap::new();
    let mut bars: Vec<_> = bars.into_iter().map(Some).collect();
    for row in rows {
        let top = y(row.from, row.height);
        for place in &row.bars {
            let Some(bar) = bars.get_mut(*place).and_then(Option::take) else { continue };
            let mut before = None;
            for Part { first, last, mut node } in bar.parts {
                node.rect = across(columns, first, last, top, row.height);
                if let Some(right) = before {
                    let middle = top + row.height / 2;
                    let points = vec![(right, middle), (node.rect.x, middle)];
                    scene.lines.push(Line { points, class: "join", is_arrow: false });
                }
                before = Some(node.rect.right());
                for column in first..=last {
                    ends.entry(column).or_insert(Ends { near: top, far: top }).far = top;
                }
                scene.boxes.push(node.fit());
            }
        }
    }
    ends
}

fn across(columns: &[Span], first: usize, last: usize, y: i32, height: i32) -> Rect {
    let spans = columns.iter().skip(first).take(last - first + 1);
    let x = spans.clone().map(|span| span.x).min().unwrap_or_default();
    let width = spans.map(|span| span.width).sum::<i32>() + GAP * count(last - first);
    Rect { x, y, width, height }
}
