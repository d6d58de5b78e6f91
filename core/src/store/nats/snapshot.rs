//! Snapshots: one value for each stream.

use async_nats::jetstream::message::StreamMessage;

use crate::{
    Id, Json, Result, StreamId, Version,
    store::{
        BoxFuture, Nats, Snapshot, Snapshots,
        nats::{
            failure,
            jetstream::Outgoing,
            message::{line, unline},
            names,
            state::{Change, change},
        },
    },
};

const READ: &str = "read a snapshot";
const LIST: &str = "list snapshots";
const SAVE: &str = "save a snapshot";

const VERSION: &str = "Actum-Version";
const ID: &str = "Actum-Id";
const FINGERPRINT: &str = "Actum-Fingerprint";

fn read(stream: &StreamId, message: &StreamMessage) -> Result<Snapshot> {
    let odd = |what| failure::malformed(READ, message.sequence, what);
    let header = |name| message.headers.get(name).map(async_nats::HeaderValue::as_str);
    let number = |name| header(name).and_then(|text| text.parse::<u64>().ok());
    let fingerprint = header(FINGERPRINT).and_then(unline);
    Ok(Snapshot {
        stream: stream.clone(),
        version: Version(number(VERSION).ok_or_else(|| odd("it has no version"))?),
        id: Id(number(ID).ok_or_else(|| odd("it has no id"))?),
        fingerprint: fingerprint.ok_or_else(|| odd("it has no fingerprint"))?.into_owned(),
        state: Json::from_stored(message.payload.clone()),
    })
}

impl Snapshots for Nats {
    fn snapshot<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Option<Snapshot>>> {
        Box::pin(async move {
            let subject = self.shared().names.snapshot(stream);
            let message = self.shared().state.last(READ, &subject).await?;
            message.map(|message| read(stream, &message)).transpose()
        })
    }

    fn snapshots<'a>(
        &'a self,
        after: Option<&'a StreamId>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<Snapshot>>> {
        Box::pin(async move {
            let (state, start) = (&self.shared().state, self.shared().names.snapshots());
            let subjects = state.subjects(LIST, &format!("{start}*")).await?;
            let stream = |subject: &String| {
                let name = names::text(subject.strip_prefix(&start)?)?;
                name.parse::<StreamId>().ok()
            };
            let mut streams: Vec<_> = subjects
                .iter()
                .filter_map(stream)
                .filter(|stream| after.is_none_or(|after| stream > after))
                .collect();
            streams.sort_unstable();
            streams.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let mut snapshots = Vec::with_capacity(streams.len());
            for stream in streams {
                snapshots.extend(self.snapshot(&stream).await?);
            }
            Ok(snapshots)
        })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Snapshot { stream, version, id, fingerprint, state } = &snapshot;
            let subject = self.shared().names.snapshot(stream);
            let decide = |subject: &str, present: Option<&StreamMessage>| {
                if let Some(kept) = present.map(|present| read(stream, present)).transpose()?
                    && kept.fingerprint == *fingerprint
                    && kept.version > *version
                {
                    return Ok(Change::Leave(()));
                }
                let message = Outgoing::new(subject.to_owned(), state.bytes())
                    .header(VERSION, &version.to_string())
                    .header(ID, &id.to_string())
                    .header(FINGERPRINT, &line(fingerprint));
                Ok(Change::Put(message, ()))
            };
            change(&self.shared().state, SAVE, subject, decide).await
        })
    }
}
