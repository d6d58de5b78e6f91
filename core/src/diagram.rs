//! Diagrams: what an app consists of and what happened in it, as Mermaid text and as SVG.
//!
//! [`board`] shows the whole flow and [`aggregate`] one aggregate, both from the
//! [`Model`]; [`timeline`] shows what happened in a stream and [`causes`] what
//! followed from what, both from committed events.
//!
#![doc = include_str!("docs/board.svg")]
//!
#![doc = include_str!("docs/diagram.md")]

mod aggregate;
mod board;
mod causes;
mod fact;
mod flow;
mod mermaid;
mod panel;
mod scene;
mod svg;
mod target;
mod text;
mod time;
mod timeline;

pub use target::Target;

use self::{scene::Scene, svg::Svg};
use crate::{Committed, Model, Payload, Result};

/// The styles of every SVG, which it has in itself.
///
/// A page whose content security policy refuses inline styles can have them in a sheet of its own.
pub const STYLE: &str = include_str!("diagram/style.css");

/// A diagram, as Mermaid text and as SVG.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    scene: Scene,
    mermaid: String,
}

/// Shows the whole flow: action → aggregate → event → projection or reaction → action.
///
/// Each aggregate is a panel: above its events the actions that may emit them, below them the
/// projections and reactions that take them, with the actions that a reaction may ask.
pub fn board(model: &Model) -> Diagram {
    board::board(model)
}

/// Shows one aggregate: its actions with their preconditions, its events, who takes them, with the
/// first lines of the docs.
///
/// # Errors
///
/// [`Error::Unknown`](crate::Error::Unknown) when the model has no aggregate of this name.
pub fn aggregate(model: &Model, name: &str) -> Result<Diagram> {
    aggregate::aggregate(model, name)
}

/// Shows events one below the other, with the times between; mostly those of one stream.
///
/// Any committed events will do, as they are stored or decoded.
pub fn timeline<T: Payload>(events: &[Committed<T>]) -> Diagram {
    timeline::timeline(events)
}

/// Shows which event followed from which, and how long after; mostly those of one correlation.
pub fn causes<T: Payload>(events: &[Committed<T>]) -> Diagram {
    causes::causes(events)
}

impl Diagram {
    fn new(scene: Scene, mermaid: String) -> Self {
        Self { scene, mermaid }
    }

    /// The diagram as Mermaid text.
    pub fn mermaid(&self) -> String {
        self.mermaid.clone()
    }

    /// The diagram as one SVG element, light or dark as the reader prefers; a file of its own, or
    /// part of a page.
    ///
    /// Boxes have an `id`, `data-kind`, `data-name` and, where they belong to an aggregate,
    /// `data-aggregate`, which stay the same while the model's names do.
    pub fn svg(&self) -> String {
        Svg(&self.scene).to_string()
    }

    /// Makes the boxes of the SVG links.
    ///
    /// ```
    /// # use actum::{Model, diagram};
    /// # let model = Model::default();
    /// let linked = diagram::board(&model).links(|target| format!("/actum/{target}"));
    /// ```
    #[must_use]
    pub fn links(mut self, url: impl Fn(&Target) -> String) -> Self {
        for node in &mut self.scene.boxes {
            node.href = Some(url(&node.target));
        }
        for about in self.scene.labels.iter_mut().filter_map(|label| label.about.as_mut()) {
            about.href = Some(url(&about.target));
        }
        self
    }
}
