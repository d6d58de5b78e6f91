//! Drawings of a projection: how much of the log it has seen, how far behind it was.

use maud::{Markup, html};

use super::watched::Sample;
use crate::{Id, inspector::text};

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 80.0;

/// How long the plot looks back.
const SECONDS: f64 = 600.0;

pub(super) fn progress(seen: Id, head: Id) -> Markup {
    html! {
        progress max=(head.0.max(1)) value=(if head.0 == 0 { 1 } else { seen.0.min(head.0) })
            aria-label="Seen of the log" {}
    }
}

/// The lag over the last ten minutes.
#[expect(clippy::cast_precision_loss, reason = "a drawing")]
pub(super) fn lag(samples: &[Sample]) -> Markup {
    let most = samples.iter().map(|sample| sample.lag).max().unwrap_or_default();
    let now = samples.last().map(|sample| sample.at);
    let point = |sample: &Sample| {
        let ago = now.map_or(0.0, |now| now.duration_since(sample.at).as_secs_f64());
        let x = (WIDTH * (1.0 - ago / SECONDS)).max(0.0);
        let y = HEIGHT - (HEIGHT - 6.0) * sample.lag as f64 / most.max(1) as f64;
        (x, y)
    };
    let points: Vec<(f64, f64)> = samples.iter().map(point).collect();
    let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let line = line.join(" ");
    let first = points.first().map_or(WIDTH, |(x, _)| *x);
    html! {
        figure.plot {
            figcaption {
                span { "Events behind, last 10 minutes" }
                span { "at most " (text::grouped(most)) }
            }
            svg viewBox="0 0 600 82" preserveAspectRatio="none" role="img"
                aria-label={ "Events behind over the last ten minutes, at most " (most) } {
                line.base x1="0" y1="80.5" x2="600" y2="80.5" {}
                @for x in [150, 300, 450] { line.grid x1=(x) y1="0" x2=(x) y2="80" {} }
                @if points.len() > 1 {
                    polygon.area points={ (format!("{first:.1},80 ")) (line) " 600,80" } {}
                    polyline.curve points=(line) {}
                }
            }
        }
    }
}
