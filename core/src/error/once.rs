//! The same for people, who need not be told anything twice.

use std::error::Error;

/// The text of an error and of what caused it; what an error says at its end already, for many a
/// one repeats its cause, is left out.
pub(crate) fn told_once(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}
