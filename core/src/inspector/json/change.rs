//! What changed between two values.

use std::collections::HashMap;

use super::Node;

/// A value beside an earlier one.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::inspector) enum Change<'n, 'a> {
    Same(&'n Node<'a>),
    Added(&'n Node<'a>),
    Removed(&'n Node<'a>),
    /// One value in place of another.
    Replaced(&'n Node<'a>, &'n Node<'a>),
    List(Vec<Change<'n, 'a>>),
    Object(Vec<(&'n str, Change<'n, 'a>)>),
}

impl<'n, 'a> Change<'n, 'a> {
    pub(in crate::inspector) fn between(old: &'n Node<'a>, new: &'n Node<'a>) -> Self {
        match (old, new) {
            _ if old == new => Self::Same(new),
            (Node::Object(old), Node::Object(new)) => Self::Object(fields(old, new)),
            (Node::List(old), Node::List(new)) => Self::List(items(old, new)),
            _ => Self::Replaced(old, new),
        }
    }

    pub(in crate::inspector) fn is_same(&self) -> bool {
        matches!(self, Self::Same(_))
    }
}

/// The fields of the new object in their order, then those that are gone.
fn fields<'n, 'a>(
    old: &'n [(String, Node<'a>)],
    new: &'n [(String, Node<'a>)],
) -> Vec<(&'n str, Change<'n, 'a>)> {
    let by_name = |fields: &'n [(String, Node<'a>)]| -> HashMap<&'n str, &'n Node<'a>> {
        fields.iter().map(|(name, value)| (name.as_str(), value)).collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    let kept = new.iter().map(|(name, value)| {
        let change = match before.get(name.as_str()) {
            Some(old) => Change::between(old, value),
            None => Change::Added(value),
        };
        (name.as_str(), change)
    });
    let gone = old.iter().filter(|(name, _)| !after.contains_key(name.as_str()));
    kept.chain(gone.map(|(name, value)| (name.as_str(), Change::Removed(value)))).collect()
}

/// What both lists begin with, what changed, what both end with.
fn items<'n, 'a>(old: &'n [Node<'a>], new: &'n [Node<'a>]) -> Vec<Change<'n, 'a>> {
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (same, old, new) = (
        new.get(..head).unwrap_or_default(),
        old.get(head..).unwrap_or_default(),
        new.get(head..).unwrap_or_default(),
    );
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let old = old.get(..old.len() - tail).unwrap_or_default();
    let (middle, end) = new.split_at(new.len() - tail);
    let both = old.len().min(middle.len());
    let replaced = old.iter().zip(middle).map(|(old, new)| Change::between(old, new));
    let mut all: Vec<_> = same.iter().map(Change::Same).chain(replaced).collect();
    all.extend(old.iter().skip(both).map(Change::Removed));
    all.extend(middle.iter().skip(both).map(Change::Added));
    all.extend(end.iter().map(Change::Same));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (Node::of(old), Node::of(new));
        let shown = super::super::changes(&Change::between(&old, &new), 100);
        shown.into_iter().map(|one| format!("{}{} {}", one.sign, one.path, one.text)).collect()
    }

    #[test]
    fn each_changed_path_is_told_once() {
        let old = r#"{"items":[{"sku":"A","qty":1},{"sku":"B","qty":2}],"open":true,"note":"x"}"#;
        let new = r#"{"items":[{"sku":"A","qty":3},{"sku":"B","qty":2}],"open":true,"paid":null}"#;
        assert_eq!(told(old, new), ["~items/0/qty 1 → 3", "+paid null", r#"−note "x""#]);
    }

    #[test]
    fn an_item_taken_from_the_middle_is_the_only_change() {
        assert_eq!(told("[1,2,3,4]", "[1,3,4]"), ["−1 2"]);
        assert_eq!(told("[1,2]", r#"[1,2,{"a":1}]"#), [r#"+2 {"a":1}"#]);
        assert_eq!(told("[]", "[]"), [""; 0]);
    }

    #[test]
    fn another_kind_of_value_is_a_replacement() {
        assert_eq!(told(r#"{"a":[1]}"#, r#"{"a":{"b":1}}"#), [r#"~a [1] → {"b":1}"#]);
        assert_eq!(told("null", "3"), ["~ null → 3"]);
    }
}
