//! Conditions on what stands in a payload or in the meta data.

use std::str::FromStr;

use serde_json::Value;

use crate::Committed;

/// `PATH=VALUE` or `PATH!=VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Condition {
    root: Root,
    /// The names and indexes on the way.
    path: Vec<String>,
    equal: bool,
    /// The value as it was written, and as JSON if it is that.
    text: String,
    value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Data,
    Meta,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(condition: &str) -> Result<Self, String> {
        let wrong = || {
            "write a path and a value, as in `data.sku=A123` or `meta.actor!=alice`; the path \
             begins with `data` or `meta`"
                .to_owned()
        };
        let (path, text) = condition.split_once('=').ok_or_else(wrong)?;
        let (path, equal) = path.strip_suffix('!').map_or((path, true), |path| (path, false));
        let mut steps: Vec<String> = match path.strip_prefix('/') {
            // A JSON pointer, for names with a dot.
            Some(pointer) => {
                pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
            }
            None => path.split('.').map(str::to_owned).collect(),
        };
        let root = match steps.first().map(String::as_str) {
            Some("data") => Root::Data,
            Some("meta") => Root::Meta,
            _ => return Err(wrong()),
        };
        steps.remove(0);
        let (text, value) = (text.to_owned(), serde_json::from_str(text).ok());
        Ok(Self { root, path: steps, equal, text, value })
    }
}

impl Condition {
    /// Whether all conditions hold for an event; what is no JSON has no values.
    pub(in crate::cli) fn all_hold(conditions: &[Self], event: &Committed) -> bool {
        let (mut data, mut meta) = (None, None);
        conditions.iter().all(|condition| {
            let (parsed, json) = match condition.root {
                Root::Data => (&mut data, &event.data),
                Root::Meta => (&mut meta, event.meta.json()),
            };
            let document = parsed.get_or_insert_with(|| json.decode::<Value>().ok());
            condition.holds(document.as_ref())
        })
    }

    fn holds(&self, document: Option<&Value>) -> bool {
        let found = document.and_then(|document| {
            self.path.iter().try_fold(document, |at, step| match at {
                Value::Object(fields) => fields.get(step),
                Value::Array(items) => items.get(step.parse::<usize>().ok()?),
                _ => None,
            })
        });
        found.is_some_and(|found| self.is(found)) == self.equal
    }

    fn is(&self, found: &Value) -> bool {
        match (found, &self.value) {
            // `qty=2` finds the number and the text, `sku="2"` the text alone.
            (Value::String(found), Some(Value::String(wanted))) => {
                found == wanted || *found == self.text
            }
            (Value::String(found), _) => *found == self.text,
            (Value::Number(found), Some(Value::Number(wanted))) => {
                found == wanted
                    || (found.is_f64() || wanted.is_f64()) && found.as_f64() == wanted.as_f64()
            }
            (found, Some(wanted)) => found == wanted,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_condition_finds_values_of_every_kind() {
        let document = json!({
            "sku": "A123", "qty": 2, "price": 1.5, "gift": true, "note": null, "two": "2",
            "items": [{"a.b": "x=y"}], "big": u64::MAX, "quoted": "\"q\"",
        });
        let holds = |text: &str| {
            let condition: Condition = text.parse().unwrap_or_else(|why| panic!("{text}: {why}"));
            condition.holds(Some(&document))
        };
        for text in [
            "data.sku=A123",
            "data.sku=\"A123\"",
            "data.qty=2",
            "data.qty=2.0",
            "data.price=1.5",
            "data.gift=true",
            "data.note=null",
            "data.two=2",
            "/data/items/0/a.b=x=y",
            "data.big=18446744073709551615",
            "data.quoted=\"q\"",
            "data.sku!=A12",
            "data.none!=1",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "data.sku=a123",
            "data.sku!=A123",
            "data.qty=\"2\"",
            "data.big=18446744073709551614",
            "data.items.1=x",
            "data.sku.x=A123",
            "data.none=null",
            "data=1",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "data", "sku=1", "=1", "datas.x=1", "/=1", "stream=Cart-1"] {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
    }
}
