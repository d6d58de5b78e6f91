//! The parameters of a query. Each is known or refused: one that is misspelt must not be taken for
//! one that is left out.

use std::str::FromStr;

use axum::extract::{Query, rejection::QueryRejection};

use crate::http::problem::Problem;

/// What a version, an id or a limit is.
const NUMBER: &str = "a whole number from 0 to 9223372036854775807";

/// The query as a handler gets it.
pub(super) type Asked = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The parameters that were given.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Takes the parameters of a request, of which only these are known.
    pub(super) fn new(asked: Asked, known: &[&str]) -> Result<Self, Problem> {
        let Query(given) = asked.map_err(|error| Problem::bad_request(error.body_text()))?;
        let unknown = given.iter().find(|(name, _)| !known.contains(&&**name));
        match unknown {
            None => Ok(Self(given)),
            Some((name, _)) if known.is_empty() => {
                Err(Problem::bad_request(format!("there is no parameter `{}` here", start(name))))
            }
            Some((name, _)) => Err(Problem::bad_request(format!(
                "there is no parameter `{}`; there are {}",
                start(name),
                known.join(", ")
            ))),
        }
    }

    /// The texts of a parameter that may be given more than once.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, text)| &**text)
    }

    /// The text of a parameter that may be given once.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut all = self.all(name);
        match (all.next(), all.next()) {
            (one, None) => Ok(one),
            _ => Err(Problem::bad_request(format!("the parameter `{name}` is given twice"))),
        }
    }

    /// The number of a parameter that may be given once.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.text(name)?.map(|text| number(name, text)).transpose()
    }

    /// The value of a parameter that may be given once; `what` says what it must be.
    pub(super) fn one<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        self.text(name)?.map(|text| parsed(name, text, what)).transpose()
    }
}

/// Reads a version, an id or a limit. Stores count with 63 bits.
pub(super) fn number(name: &str, text: &str) -> Result<u64, Problem> {
    let number = text.parse().ok().filter(|number| *number <= i64::MAX.cast_unsigned());
    number.ok_or_else(|| refused(name, text, NUMBER))
}

/// Reads a value; `what` says what it must be.
fn parsed<T: FromStr>(name: &str, text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| refused(name, text, what))
}

fn refused(name: &str, text: &str, what: &str) -> Problem {
    Problem::bad_request(format!("`{name}` is {what}, and `{}` is not", start(text)))
}

/// The start of a text from outside: an error must stay readable.
fn start(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}
