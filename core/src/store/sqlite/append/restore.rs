//! Stores events of another log, with the ids they bring, inside the writer's open transaction.

use rusqlite::params;

use super::{Appender, keyed, new_stream, number, text};
use crate::{
    Committed, Error, Result, Version,
    store::{
        Key, Restore, restore,
        sqlite::{correlation::Runs, failure::Failure, heads::Head, micros},
    },
};

impl Appender<'_> {
    /// Stores them, or tells why they are refused; fails when the whole transaction must.
    pub(in crate::store::sqlite) fn restore(
        &mut self,
        restore: &Restore,
    ) -> Result<Result<()>, Failure> {
        if let Some(refused) = self.refused(restore)? {
            return Ok(Err(refused));
        }
        let mut runs = Runs::new(&mut self.correlate);
        for event in &restore.events {
            let Committed { name, schema, data, id, stream, version, created, meta } = event;
            runs.push(*id, meta.correlation())?;
            let row = match self.heads.head(self.connection, stream)? {
                Some(head) => head.row,
                None => new_stream(self.connection, stream)?,
            };
            let name = self.heads.name(self.connection, name)?;
            self.insert.execute(params![
                number(id.0)?,
                row,
                number(version.0)?,
                name,
                schema,
                micros::floor(*created),
                text(data),
                text(meta.json()),
            ])?;
            self.heads.set_last(*id);
            self.heads.set_head(stream, Head { row, version: version.0 });
        }
        runs.close()?;
        for (key, appended) in &restore.keys {
            if keyed(self.connection, &key.key)?.is_none() {
                self.keep(key, appended)?;
            }
        }
        Ok(Ok(()))
    }

    /// Everything is looked at before the first insert.
    fn refused(&mut self, restore: &Restore) -> Result<Option<Error>, Failure> {
        let (expected, actual) = (restore.after, self.heads.last(self.connection)?);
        if actual > expected {
            return Ok(Some(Error::Grown { expected, actual }));
        }
        for (stream, before) in restore.befores() {
            let head = self.heads.head(self.connection, stream)?;
            let actual = Version(head.map_or(0, |head| head.version));
            if actual != before {
                return Ok(Some(restore::conflict(stream, before, actual)));
            }
        }
        for (Key { key, fingerprint }, _) in &restore.keys {
            let known = keyed(self.connection, key)?;
            if known.is_some_and(|known| known.fingerprint != *fingerprint) {
                return Ok(Some(Error::KeyReused { key: key.to_string() }));
            }
        }
        Ok(None)
    }
}
