//! A sketch of an input: its fields with the least values that it takes, found by asking its
//! `Deserialize` what it wants.
//!
//! No schema is needed, and none is made: where the least value does not fit (a time is not just
//! any text), others are tried, one after another. What is still refused then is sketched as far as
//! it was understood.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

mod guess;
mod text;

use guess::Guess;
use text::Drawn;

/// How often it is tried.
const TRIES: usize = 256;

/// The sketch as JSON to be read by people; `null` where nothing was understood.
pub(super) fn sketch<I: DeserializeOwned>() -> String {
    let mut choices = Choices::default();
    let mut best = Drawn::plain("null");
    for _ in 0..TRIES {
        let mut drawn = Drawn::plain("null");
        choices.at = 0;
        let guess = Guess::new(&mut drawn, &mut choices);
        // A type may have been made for other values, and panic at these.
        let fits = catch_unwind(AssertUnwindSafe(|| I::deserialize(guess).is_ok()));
        let fits = fits.unwrap_or(false);
        if fits || drawn.size() > best.size() {
            best = drawn;
        }
        if fits || !choices.turn() {
            break;
        }
    }
    best.pretty()
}

/// What was chosen where there was a choice, in the order of the questions.
#[derive(Default)]
struct Choices {
    taken: Vec<(usize, usize)>,
    at: usize,
}

impl Choices {
    /// Chooses one of so many.
    fn choose(&mut self, of: usize) -> usize {
        let at = self.at;
        self.at += 1;
        if at == self.taken.len() {
            self.taken.push((0, of));
        }
        self.taken.get(at).map_or(0, |(chosen, _)| *chosen)
    }

    /// Turns to the next choice at the last question that has one; false when all were made.
    fn turn(&mut self) -> bool {
        self.taken.truncate(self.at);
        while let Some((chosen, of)) = self.taken.pop() {
            if chosen + 1 < of {
                self.taken.push((chosen + 1, of));
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, num::NonZeroU32};

    use serde::{Deserialize, de};

    use super::sketch;
    use crate::Timestamp;

    fn line<I: de::DeserializeOwned>() -> String {
        let text = sketch::<I>();
        // Whatever is offered is JSON.
        serde_json::from_str::<de::IgnoredAny>(&text).expect("JSON");
        text.split_whitespace().collect()
    }

    #[test]
    fn a_struct_is_its_fields_as_they_are_declared() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct AddItem {
            sku: String,
            qty: NonZeroU32,
            gift: Option<String>,
            price: f64,
        }
        assert_eq!(line::<AddItem>(), r#"{"sku":"","qty":1,"gift":null,"price":0}"#);
        assert_eq!(sketch::<AddItem>().lines().nth(1), Some(r#"  "sku": "","#));
    }

    #[test]
    fn what_is_inside_is_sketched_too() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only read")]
        enum How {
            Card { number: String },
            Cash,
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Pay {
            how: How,
            lines: Vec<(bool, char)>,
            notes: BTreeMap<String, u8>,
            at: Timestamp,
        }
        assert_eq!(
            line::<Pay>(),
            r#"{"how":{"Card":{"number":""}},"lines":[[false,"a"]],"notes":{},"at":"2024-06-01T12:00:00Z"}"#
        );
        assert_eq!(line::<()>(), "null");
        assert_eq!(line::<serde_json::Value>(), "null");
    }

    #[test]
    fn what_cannot_be_guessed_is_left_as_far_as_it_was_understood() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only read")]
        enum Rule {
            Both(Box<Rule>, Box<Rule>),
            All,
        }
        #[derive(Debug)]
        struct Panics;
        impl<'de> Deserialize<'de> for Panics {
            fn deserialize<D: de::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
                panic!("as it was asked")
            }
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Odd {
            #[serde(alias = "product")]
            sku: String,
            panics: Panics,
        }
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Named {
            #[serde(alias = "product")]
            sku: String,
        }
        assert!(line::<Rule>().contains("All"));
        assert!(line::<Odd>().starts_with(r#"{"sku":"""#), "{}", line::<Odd>());
        assert_eq!(line::<Named>(), r#"{"sku":""}"#);
    }
}
