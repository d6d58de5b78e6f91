//! How events are found by their correlation: by runs of ids under a short key.
//!
//! The key only narrows the search; what is found is compared with the correlation itself.

use rusqlite::{CachedStatement, Connection, params};
use uuid::Uuid;

use super::{append::number, failure::Failure};
use crate::Id;

/// Stands for a correlation: a UUID as it is, so that new ones sort behind old ones; the hash of
/// anything else.
pub(super) fn key(correlation: &str) -> [u8; 16] {
    if let Ok(uuid) = Uuid::try_parse(correlation) {
        return uuid.into_bytes();
    }
    let mut key = [0; 16];
    blake3::Hasher::new().update(correlation.as_bytes()).finalize_xof().fill(&mut key);
    key
}

/// Collects the runs of one write.
pub(super) struct Runs<'a, 'b> {
    insert: &'b mut CachedStatement<'a>,
    open: Option<Run<'b>>,
}

struct Run<'b> {
    correlation: &'b str,
    first: Id,
    last: Id,
}

/// The statement that keeps a run.
pub(super) fn statement(connection: &Connection) -> Result<CachedStatement<'_>, Failure> {
    Ok(connection.prepare_cached(include_str!("correlate.sql"))?)
}

impl<'a, 'b> Runs<'a, 'b> {
    pub(super) fn new(insert: &'b mut CachedStatement<'a>) -> Self {
        Self { insert, open: None }
    }

    /// Takes the next event.
    pub(super) fn push(&mut self, id: Id, correlation: Option<&'b str>) -> Result<(), Failure> {
        match (&mut self.open, correlation) {
            (Some(run), Some(correlation)) if run.correlation == correlation => run.last = id,
            (_, correlation) => {
                self.close()?;
                self.open = correlation.map(|correlation| Run { correlation, first: id, last: id });
            }
        }
        Ok(())
    }

    /// Keeps the run that is still open.
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        if let Some(Run { correlation, first, last }) = self.open.take() {
            let (first, last) = (number(first.0)?, number(last.0)?);
            self.insert.execute(params![key(correlation), first, last])?;
        }
        Ok(())
    }
}
