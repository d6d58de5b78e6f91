//! Rows as events.

use std::sync::Arc;

use deadpool_postgres::tokio_postgres::{self, Row};

use crate::{
    Committed, Id, Json, Meta, Result, StreamId, Version,
    store::postgres::{
        failure,
        value::{Text, Time, stored},
    },
};

/// How many names of events are kept to be shared.
const NAMES: usize = 32;

/// Turns rows into events; what many rows have in common is shared.
#[derive(Debug, Default)]
pub(super) struct Rows {
    stream: Option<StreamId>,
    names: Vec<Arc<str>>,
}

impl Rows {
    /// The event in a row, with its size in bytes.
    pub(super) fn event(&mut self, row: &Row) -> Result<(Committed, usize)> {
        let failed = |source: tokio_postgres::Error| failure::to("read an event", Box::new(source));
        let Text(data) = row.try_get(6).map_err(failed)?;
        let mut size = data.len();
        let meta = if row.len() > 7 {
            let Text(meta) = row.try_get(7).map_err(failed)?;
            size += meta.len();
            match meta {
                b"{}" => Meta::default(),
                meta => Meta::from_stored(Json::from_stored(meta.to_vec())),
            }
        } else {
            Meta::default()
        };
        let schema: i32 = row.try_get(3).map_err(failed)?;
        let created: Time = row.try_get(2).map_err(failed)?;
        let event = Committed {
            name: self.name(row.try_get(5).map_err(failed)?),
            schema: u32::try_from(schema).unwrap_or_default(),
            data: Json::from_stored(data.to_vec()),
            id: Id(stored(row.try_get(0).map_err(failed)?)),
            stream: self.stream(row.try_get(4).map_err(failed)?)?,
            version: Version(stored(row.try_get(1).map_err(failed)?)),
            created: created.timestamp(),
            meta,
        };
        Ok((event, size))
    }

    fn stream(&mut self, name: &str) -> Result<StreamId> {
        if let Some(stream) = &self.stream
            && stream.as_str() == name
        {
            return Ok(stream.clone());
        }
        let stream: StreamId = name.parse()?;
        self.stream = Some(stream.clone());
        Ok(stream)
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(shared) = self.names.iter().find(|shared| ***shared == *name) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = name.into();
        if self.names.len() < NAMES {
            self.names.push(Arc::clone(&shared));
        }
        shared
    }
}
