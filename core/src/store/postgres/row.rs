//! Rows as events.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use deadpool_postgres::tokio_postgres::{self, Row};

use crate::{
    Committed, Id, Json, Meta, Result, StreamId, Version,
    store::postgres::{
        failure,
        select::Select,
        value::{Text, Time, stored},
    },
};

/// How many names of events are kept to be shared.
const NAMES: usize = 32;
/// How much memory the payloads of neighbours share: whoever keeps one event keeps as much.
const CHUNK: usize = 8 << 10;

/// Turns rows into events; what the rows of one page have in common is shared.
///
/// Nothing is shared between pages: the task that reads makes the next one while another task
/// drops the last one, and each would wait for the other at every count of references.
#[derive(Debug)]
pub(super) struct Rows {
    /// The stream of all rows, if they are of one.
    only: Option<StreamId>,
    has_meta: bool,
    last: Option<StreamId>,
    names: Vec<Arc<str>>,
    chunk: BytesMut,
}

impl Rows {
    pub(super) fn new(select: &Select) -> Self {
        let only = select.stream().cloned();
        let (has_meta, names, chunk) = (select.has_meta(), Vec::new(), BytesMut::new());
        Self { only, has_meta, last: None, names, chunk }
    }

    /// Begins another page.
    pub(super) fn turn(&mut self) {
        self.names.clear();
        self.last = None;
    }

    /// The event in a row, with its size in bytes.
    pub(super) fn event(&mut self, row: &Row) -> Result<(Committed, usize)> {
        let failed = |source: tokio_postgres::Error| failure::to("read an event", Box::new(source));
        let Text(data) = row.try_get(5).map_err(failed)?;
        let mut size = data.len();
        let meta = if self.has_meta {
            let Text(meta) = row.try_get(6).map_err(failed)?;
            size += meta.len();
            match meta {
                b"{}" => Meta::default(),
                meta => Meta::from_stored(Json::from_stored(self.shared(meta))),
            }
        } else {
            Meta::default()
        };
        let stream = match &self.only {
            Some(_) => None,
            None => Some(row.try_get(6 + usize::from(self.has_meta)).map_err(failed)?),
        };
        let schema: i32 = row.try_get(3).map_err(failed)?;
        let created: Time = row.try_get(2).map_err(failed)?;
        let event = Committed {
            name: self.name(row.try_get(4).map_err(failed)?),
            schema: u32::try_from(schema).unwrap_or_default(),
            data: Json::from_stored(self.shared(data)),
            id: Id(stored(row.try_get(0).map_err(failed)?)),
            stream: self.stream(stream)?,
            version: Version(stored(row.try_get(1).map_err(failed)?)),
            created: created.timestamp(),
            meta,
        };
        Ok((event, size))
    }

    /// Bytes in memory that neighbours share, unless they are many.
    fn shared(&mut self, bytes: &[u8]) -> Bytes {
        if bytes.len() > CHUNK / 8 {
            return Bytes::copy_from_slice(bytes);
        }
        if self.chunk.capacity() < bytes.len() {
            self.chunk = BytesMut::with_capacity(CHUNK);
        }
        self.chunk.extend_from_slice(bytes);
        self.chunk.split().freeze()
    }

    /// The stream of a row; without a name, the only one there is.
    fn stream(&mut self, name: Option<&str>) -> Result<StreamId> {
        let name = name.or(self.only.as_ref().map(StreamId::as_str)).unwrap_or_default();
        if let Some(last) = &self.last
            && last.as_str() == name
        {
            return Ok(last.clone());
        }
        let stream: StreamId = name.parse()?;
        self.last = Some(stream.clone());
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
