//! What happened, one event below the other, with the times between.

use super::{
    Diagram, Target,
    fact::Fact,
    mermaid::Flowchart,
    scene::{About, Label, Line, Rect, Scene},
    text::{cut, many},
    time::{after, between, clock, day, span},
};
use crate::{Committed, Payload, StreamId};

/// Where the axis stands; the times are at its left, the events at its right.
const AXIS: i32 = 150;
const LEFT: i32 = AXIS + 40;
const WIDTH: i32 = 560;
const MARGIN: i32 = 20;
/// Between two events.
const GAP: i32 = 26;

pub(super) fn timeline<T: Payload>(events: &[Committed<T>]) -> Diagram {
    let facts = Fact::all(events);
    let mut streams: Vec<&StreamId> = facts.iter().map(|fact| fact.stream).collect();
    streams.sort_unstable();
    streams.dedup();
    Diagram::new(scene(&facts, &streams), mermaid(&facts, &streams))
}

fn scene(facts: &[Fact<'_>], streams: &[&StreamId]) -> Scene {
    let mut scene = Scene { width: LEFT + WIDTH + MARGIN, ..Scene::default() };
    let title = match streams {
        [one] => one.to_string(),
        more => many(more.len(), "stream"),
    };
    let lasted = match (facts.first(), facts.last()) {
        (Some(first), Some(last)) => span(between(first.created, last.created)),
        _ => span(0),
    };
    let below = format!("{} in {lasted}, times in UTC", many(facts.len(), "event"));
    let mut y = scene.head(MARGIN, &title, &below, &[]) - 8;
    if let (Some(label), [stream]) = (scene.labels.first_mut(), streams) {
        label.about =
            Some(About { target: Target::Stream((*stream).clone()), tooltip: title, href: None });
    }
    let mut before: Option<(&Fact<'_>, i32)> = None;
    for fact in facts {
        let mut details = Vec::new();
        if streams.len() > 1 {
            details.push(format!("{} version {}", fact.stream, fact.version));
        }
        details.extend(fact.data.clone());
        details.extend(fact.how());
        let mut node = fact.node(details);
        node.rect = Rect { x: LEFT, y, width: WIDTH, ..node.rect };
        let middle = y + 17;
        if let Some((last, from)) = before {
            let points = vec![(AXIS, from), (AXIS, middle - 11)];
            scene.lines.push(Line { points, class: "", is_arrow: true });
            let passed = after(between(last.created, fact.created));
            scene.label((LEFT, y - 9), "detail", passed);
        }
        if before.is_none_or(|(last, _)| day(last.created) != day(fact.created)) {
            scene.label((AXIS - 26, middle + 18), "end", day(fact.created));
        }
        scene.label((AXIS - 26, middle + 4), "side", clock(fact.created));
        scene.labels.push(Label {
            at: (AXIS, middle + 4),
            text: cut(&fact.version.to_string(), 11, 48),
            class: "version",
            sign: None,
            about: None,
        });
        scene.lines.push(Line {
            points: vec![(AXIS + 14, middle), (LEFT, middle)],
            class: "grid",
            is_arrow: false,
        });
        before = Some((fact, middle + 9));
        y = node.rect.bottom() + GAP;
        scene.boxes.push(node.fit());
    }
    scene.height = y - GAP + MARGIN;
    scene
}

fn mermaid(facts: &[Fact<'_>], streams: &[&StreamId]) -> String {
    let mut chart = Flowchart::new("TD");
    let id = |fact: &Fact<'_>| fact.target().word();
    let draw = |chart: &mut Flowchart, facts: &[&Fact<'_>]| {
        for fact in facts {
            let mut details = vec![format!("{} {}", day(fact.created), clock(fact.created))];
            details.extend(fact.data.as_ref().map(|data| cut(data, 11, 400)));
            details.extend(fact.how());
            let name = format!("{} {}", fact.version, fact.name);
            chart.node(&id(fact), super::scene::Look::Event, &name, &details);
        }
    };
    for stream in streams {
        let of_stream = facts.iter().filter(|fact| fact.stream == *stream).collect::<Vec<_>>();
        let word = Target::Stream((*stream).clone()).word();
        chart.frame(&word, stream.as_str(), |chart| draw(chart, &of_stream));
    }
    for pair in facts.windows(2) {
        if let [one, next] = pair {
            let passed = after(between(one.created, next.created));
            chart.arrow_saying(&id(one), &id(next), &passed);
        }
    }
    chart.end()
}
