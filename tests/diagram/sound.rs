//! What a reader's eye would find wrong in a drawing.

use std::collections::BTreeSet;

use actum::diagram::Diagram;
use roxmltree::{Document, Node};

/// A drawing that was parsed. It lies in the target folder, to be looked at.
pub struct Drawn {
    name: String,
    svg: String,
    pub width: i32,
    pub height: i32,
}

#[derive(Clone, Copy, Debug)]
struct Rect {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

impl Drawn {
    pub fn of(name: &str, diagram: &Diagram) -> Self {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagrams");
        std::fs::create_dir_all(&folder).expect("a folder");
        let svg = diagram.svg();
        std::fs::write(folder.join(format!("{name}.svg")), &svg).expect("written");
        std::fs::write(folder.join(format!("{name}.mmd")), diagram.mermaid()).expect("written");
        let (width, height) = {
            let document = Document::parse(&svg).expect("well-formed XML");
            let root = document.root_element();
            (number(root, "width"), number(root, "height"))
        };
        Self { name: name.to_owned(), svg, width, height }
    }

    /// No box covers another, no text leaves its box, all is inside, and ids are there once.
    pub fn check(&self) {
        let document = Document::parse(&self.svg).expect("well-formed XML");
        let name = &self.name;
        assert!(!self.svg.contains("\n\n"), "{name}: an empty line ends it in Markdown");
        let (mut boxes, mut ids) = (Vec::new(), BTreeSet::new());
        for node in document.descendants().filter(Node::is_element) {
            if let Some(id) = node.attribute("id") {
                assert!(ids.insert(id.to_owned()), "{name}: twice {id}");
            }
            if node.attribute("class") == Some("box") {
                boxes.push(rect(node));
            }
            if node.has_tag_name("text") {
                let (x, y) = (number(node, "x"), number(node, "y"));
                let inside = (0..self.width).contains(&x) && (0..self.height).contains(&y);
                assert!(inside, "{name}: outside, {:?}", node.text());
                self.check_text(node);
            }
        }
        for (place, one) in boxes.iter().enumerate() {
            let inside = one.x >= 0
                && one.y >= 0
                && one.x + one.width <= self.width
                && one.y + one.height <= self.height;
            assert!(inside, "{name}: {one:?} is not inside {}×{}", self.width, self.height);
            for other in boxes.iter().skip(place + 1) {
                assert!(!overlap(*one, *other), "{name}: {one:?} covers {other:?}");
            }
        }
    }

    /// A text of a box is within it, even by a width that is less than any font's.
    fn check_text(&self, text: Node<'_, '_>) {
        let Some(group) = text.parent().filter(|group| group.has_tag_name("g")) else { return };
        let Some(around) = group.children().find(|one| one.attribute("class") == Some("box"))
        else {
            return;
        };
        let around = rect(around);
        let (x, y) = (number(text, "x"), number(text, "y"));
        assert!((around.y..around.y + around.height).contains(&y), "{}: {text:?}", self.name);
        // A third of the size for each letter: only what is far too long is told so.
        let size = if text.attribute("class") == Some("name") { 13 } else { 11 };
        let letters = text.text().unwrap_or_default().chars().filter(char::is_ascii).count();
        let least = i32::try_from(letters).expect("few") * size / 3;
        assert!(x + least <= around.x + around.width, "{}: {:?}", self.name, text.text());
    }

    /// How many boxes or heads stand for something.
    pub fn count(&self, kind: &str, name: &str) -> usize {
        let document = Document::parse(&self.svg).expect("well-formed XML");
        let found = document.descendants().filter(|node| {
            node.attribute("data-kind") == Some(kind) && node.attribute("data-name") == Some(name)
        });
        found.count()
    }

    pub fn hrefs(&self) -> BTreeSet<String> {
        let document = Document::parse(&self.svg).expect("well-formed XML");
        let links = document.descendants().filter(|node| node.has_tag_name("a"));
        links.filter_map(|link| link.attribute("href")).map(str::to_owned).collect()
    }

    /// The names of all elements.
    pub fn elements(&self) -> BTreeSet<String> {
        let document = Document::parse(&self.svg).expect("well-formed XML");
        let elements = document.descendants().filter(Node::is_element);
        elements.map(|node| node.tag_name().name().to_owned()).collect()
    }

    /// All texts, those of tooltips too.
    pub fn texts(&self) -> String {
        let document = Document::parse(&self.svg).expect("well-formed XML");
        document.descendants().filter_map(|node| node.text()).collect::<Vec<_>>().join("\n")
    }
}

fn number(node: Node<'_, '_>, name: &str) -> i32 {
    node.attribute(name).expect(name).parse().expect("a number")
}

fn rect(node: Node<'_, '_>) -> Rect {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(node, name));
    Rect { x, y, width, height }
}

fn overlap(one: Rect, other: Rect) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}
