//! The way through the versions of a stream: links, which need no script, and a slider.

use maud::{Markup, html};

use crate::{StreamId, Version, inspector::link::Link};

pub(super) fn bar(stream: &StreamId, at: Version, last: Version) -> Markup {
    let before = at.0.checked_sub(1);
    let behind = (at < last).then(|| at.0 + 1);
    html! {
        form.travel method="get" action="stream" data-travel aria-label="Time travel" {
            input type="hidden" name="name" value=(stream);
            div.steps data-part {
                (step(stream, (at.0 > 0).then_some(0), "first", "First", "«"))
                (step(stream, before, "prev", "Back", "‹"))
                (step(stream, behind, "next", "Forward", "›"))
                (step(stream, (at < last).then_some(last.0), "last", "Last", "»"))
            }
            input type="range" name="version" min="0" max=(last) value=(at)
                aria-label="Version" aria-valuetext={ "version " (at) " of " (last) };
            output data-part { "version " strong { (at) } " of " (last) }
            button type="submit" { "Go" }
        }
        p.muted.keys { kbd { "j" } " " kbd { "k" } " or " kbd { "←" } " " kbd { "→" } " step through the versions." }
    }
}

fn step(
    stream: &StreamId,
    to: Option<u64>,
    rel: &'static str,
    label: &'static str,
    sign: &'static str,
) -> Markup {
    html! {
        @match to {
            Some(to) => a.step rel=(rel) href=(Link::stream(stream).with("version", to))
                aria-label=(label) title=(label) { (sign) },
            None => span.step.off aria-hidden="true" { (sign) },
        }
    }
}
