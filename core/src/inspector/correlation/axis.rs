//! The time from the first event to the last, as a line of which long pauses are cut short.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use crate::inspector::text;

/// How wide the line is, in units of the drawing.
const WIDTH: f64 = 1000.0;

/// A pause is long when it takes so much of the whole.
const LONG: f64 = 0.4;

/// How much of the line is left of a long pause.
const LEFT: f64 = 0.12;

/// How wide a bar is at least.
const THIN: f64 = 5.0;

/// A part of the time, and of the line.
struct Piece {
    from: f64,
    to: f64,
    begin: f64,
    end: f64,
    is_cut: bool,
}

pub(super) struct Axis {
    first: Timestamp,
    pieces: Vec<Piece>,
}

impl Axis {
    pub(super) fn of(times: impl Iterator<Item = Timestamp>) -> Self {
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        let first = times.first().copied().unwrap_or_default();
        let seconds: Vec<f64> =
            times.iter().map(|time| text::between(first, *time).as_secs_f64()).collect();
        let whole = seconds.last().copied().unwrap_or_default();
        let pairs = seconds.iter().zip(seconds.iter().skip(1));
        let long: Vec<(f64, f64)> = pairs
            .filter(|(from, to)| whole > 0.0 && (*to - *from) / whole > LONG && seconds.len() > 2)
            .map(|(from, to)| (*from, *to))
            .collect();
        let cut: f64 = long.iter().map(|(from, to)| to - from).sum();
        #[expect(clippy::cast_precision_loss, reason = "there are two at most")]
        let kept = WIDTH - WIDTH * LEFT * long.len() as f64;
        let rest = whole - cut;
        let scale = if rest > 0.0 { kept / rest } else { 0.0 };
        let mut pieces = Vec::new();
        let (mut at, mut x) = (0.0, 0.0);
        for (from, to) in long {
            let end = x + (from - at) * scale;
            pieces.push(Piece { from: at, to: from, begin: x, end, is_cut: false });
            let behind = end + WIDTH * LEFT;
            pieces.push(Piece { from, to, begin: end, end: behind, is_cut: true });
            (at, x) = (to, behind);
        }
        let end = x + rest_of(whole, at) * scale;
        pieces.push(Piece { from: at, to: whole, begin: x, end, is_cut: false });
        Self { first, pieces }
    }

    pub(super) fn length(&self) -> Duration {
        let whole = self.pieces.last().map_or(0.0, |last| last.to);
        Duration::try_from_secs_f64(whole).unwrap_or_default()
    }

    pub(super) fn is_cut(&self) -> bool {
        self.pieces.iter().any(|piece| piece.is_cut)
    }

    /// Where a time lies on the line.
    fn place(&self, time: Timestamp) -> f64 {
        let at = text::between(self.first, time).as_secs_f64();
        let piece = self.pieces.iter().find(|piece| at <= piece.to).or(self.pieces.last());
        let Some(Piece { from, to, begin, end, .. }) = piece else { return 0.0 };
        if to <= from { *begin } else { begin + (at - from).max(0.0) / (to - from) * (end - begin) }
    }

    /// The pauses that are cut short, as hatched areas.
    fn pauses(&self, height: u32) -> Markup {
        html! {
            @for piece in self.pieces.iter().filter(|piece| piece.is_cut) {
                rect.pause x=(piece.begin) y="0" width=(piece.end - piece.begin) height=(height) {}
            }
        }
    }

    /// A bar from one time to another.
    pub(super) fn bar(&self, from: Timestamp, to: Timestamp, colour: &str) -> Markup {
        let (begin, end) = (self.place(from), self.place(to));
        let width = (end - begin).max(THIN);
        let begin = begin.min(WIDTH - width);
        html! {
            svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" {
                (self.pauses(20))
                rect.wait x=(begin) y="8" width=(width) height="4" {}
                rect class={ "mark " (colour) } x=(begin + width - THIN) y="2" width=(THIN) height="16" {}
            }
        }
    }

    /// The times along the line.
    pub(super) fn scale(&self) -> Markup {
        let marks = self.pieces.iter().map(|piece| (piece.end, piece.to));
        let marks = std::iter::once((0.0, 0.0)).chain(marks);
        let mut marks: Vec<(f64, f64)> = marks.collect();
        if let [_, (end, to)] = marks.as_slice() {
            let (end, to) = (*end, *to);
            marks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| (end * part, to * part)).to_vec();
        }
        html! {
            svg viewBox="0 0 1000 16" aria-hidden="true" {
                @for (x, seconds) in marks {
                    text class=(anchor(x)) x=(x) y="12" text-anchor=(anchor(x)) {
                        (text::length(Duration::try_from_secs_f64(seconds).unwrap_or_default()))
                    }
                }
            }
        }
    }
}

fn rest_of(whole: f64, at: f64) -> f64 {
    (whole - at).max(0.0)
}

fn anchor(x: f64) -> &'static str {
    if x < 1.0 {
        "start"
    } else if x > WIDTH - 1.0 {
        "end"
    } else {
        "middle"
    }
}
