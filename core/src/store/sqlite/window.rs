//! How far one statement looks: a filter that matches little would let it look at the whole log.

use rusqlite::{Connection, params_from_iter};

use super::failure::Failure;
use crate::store::{Direction, Query};

/// How many rows a statement looks at most.
pub(super) const ROWS: i64 = 1 << 15;

/// From where to where; either end may be open.
type Range = (Option<i64>, Option<i64>);

/// A part of what is left to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) range: Range,
    /// Where it ends, if something is left behind that.
    pub(super) edge: Option<i64>,
}

/// Whether a query may look at many more rows than it finds. A correlation has its own index.
pub(super) fn is_needed(query: &Query) -> bool {
    let by_version = query.stream.is_some();
    query.correlation.is_none()
        && (!query.names.is_empty()
            || !query.categories.is_empty()
            || query.from_time.is_some()
            || query.to_time.is_some()
            || (by_version && (query.from_id.is_some() || query.to_id.is_some()))
            || (!by_version && (query.from_version.is_some() || query.to_version.is_some())))
}

/// The next window: it begins at the first row that is there, however far off, so that gaps cost
/// nothing; `None` when no row is left. With a stream the range is one of versions, else of ids.
pub(super) fn next(
    connection: &Connection,
    stream: Option<i64>,
    (from, to): Range,
    direction: Direction,
) -> Result<Option<Window>, Failure> {
    let forward = direction == Direction::Forward;
    let sql = match (stream, forward) {
        (None, true) => include_str!("window_forward.sql"),
        (None, false) => include_str!("window_backward.sql"),
        (Some(_), true) => include_str!("window_stream_forward.sql"),
        (Some(_), false) => include_str!("window_stream_backward.sql"),
    };
    let near = if forward { from.unwrap_or(i64::MIN) } else { to.unwrap_or(i64::MAX) };
    let (first, last): (Option<i64>, Option<i64>) = connection
        .prepare_cached(sql)?
        .query_row(params_from_iter([near].into_iter().chain(stream)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    Ok(Some(if forward {
        let edge = first.saturating_add(ROWS - 1);
        let is_whole = last <= edge || to.is_some_and(|to| to <= edge);
        let to = if is_whole { to } else { Some(edge) };
        Window { range: (Some(first), to), edge: (!is_whole).then_some(edge) }
    } else {
        let edge = first.saturating_sub(ROWS - 1);
        let is_whole = last >= edge || from.is_some_and(|from| from >= edge);
        let from = if is_whole { from } else { Some(edge) };
        Window { range: (from, Some(first)), edge: (!is_whole).then_some(edge) }
    }))
}
