//! Feeds: no reader skips an event, sees one twice, or sees it otherwise than the log shows it.

use super::{Entry, Feed, History};
use crate::testing::{
    Failure, Outcome,
    failure::{ensure, equal},
};

/// Checks every feed against the log.
pub(super) fn check(history: &History) -> Outcome {
    for (reader, feed) in history.feeds.iter().enumerate() {
        one(feed, &history.log)
            .map_err(|failure| failure.and(format_args!("seen by reader {reader}")))?;
    }
    Ok(())
}

fn one(feed: &Feed, log: &[Entry]) -> Outcome {
    for pair in feed.entries.windows(2) {
        let [before, after] = pair else { continue };
        ensure(
            before.id < after.id,
            format_args!("a feed went from {before:?} to {after:?}: doubled or out of order"),
        )?;
    }
    let wanted = |entry: &&Entry| {
        feed.category.as_deref().is_none_or(|category| entry.stream.category() == category)
    };
    let mut shown = feed.entries.iter();
    for entry in log.iter().filter(wanted) {
        match shown.next() {
            Some(seen) if seen.id > entry.id => {
                return Err(Failure::new(format_args!("a feed skipped {entry:?}")));
            }
            Some(seen) => equal(seen, entry, "an event in a feed and in the log")?,
            None => return Err(Failure::new(format_args!("a feed was never shown {entry:?}"))),
        }
    }
    equal(&shown.next(), &None, "an event that a feed was shown and the log does not have")
}
