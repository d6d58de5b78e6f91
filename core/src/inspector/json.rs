//! JSON as it is stored, for the eye: keys in their order, numbers digit by digit.

use std::fmt;

use serde::{
    Deserializer as _,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

mod change;
mod show;

pub(super) use change::Change;
pub(super) use show::{changes, line, show, shown};

/// How deep a value is looked into; what lies deeper is shown in one line.
const DEEPEST: usize = 40;

/// A JSON value, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'a> {
    /// A text, a number, a word, or what lies too deep: as it is stored.
    Leaf(&'a str),
    List(Vec<Node<'a>>),
    Object(Vec<(String, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Takes a text apart; one that is no JSON becomes a leaf.
    pub(super) fn of(text: &'a str) -> Self {
        Self::at_depth(text.trim(), 0)
    }

    fn at_depth(text: &'a str, depth: usize) -> Self {
        let mut reader = serde_json::Deserializer::from_str(text);
        let parsed = match text.as_bytes().first() {
            _ if depth >= DEEPEST => None,
            Some(b'{') => reader.deserialize_map(Object).ok().map(|fields| {
                let field = |(name, raw): (String, &'a RawValue)| {
                    (name, Self::at_depth(raw.get(), depth + 1))
                };
                Self::Object(fields.into_iter().map(field).collect())
            }),
            Some(b'[') => reader.deserialize_seq(List).ok().map(|items| {
                let item = |raw: &'a RawValue| Self::at_depth(raw.get(), depth + 1);
                Self::List(items.into_iter().map(item).collect())
            }),
            _ => None,
        };
        parsed.unwrap_or(Self::Leaf(text))
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(fields)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_digits_and_repeated_keys_are_kept() {
        let node = Node::of(r#"{"b":1.10,"a":18446744073709551616,"b":"\u0041"}"#);
        let Node::Object(fields) = node else { panic!("{node:?}") };
        let field = |name: &str, text| (name.to_owned(), Node::Leaf(text));
        let expected =
            [field("b", "1.10"), field("a", "18446744073709551616"), field("b", r#""\u0041""#)];
        assert_eq!(fields, expected);
    }

    #[test]
    fn what_is_too_deep_or_no_json_is_a_leaf() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let mut node = &Node::of(&deep);
        let mut depth = 0;
        while let Node::List(items) = node {
            (node, depth) = (&items[0], depth + 1);
        }
        assert_eq!(depth, DEEPEST);
        for broken in ["", "{", "[1,", "nonsense", "{\"a\":}"] {
            assert_eq!(Node::of(broken), Node::Leaf(broken));
        }
    }
}
