//! Appends: each write is stored only behind the event that was its stream's last one.
//!
//! The first event of a write carries the sequence that its stream must end with, and the server
//! checks it. Two attempts with the same sequences can therefore not both be stored, so that an
//! append is sent again when its answer is lost. Other sequences are sent only after another event
//! was seen behind the old ones, which rules the earlier attempts out.

use async_nats::HeaderMap;
use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::{
    Conflict, Error, Id, Result, StreamId, Version,
    store::{
        Appended, Batch, Expected, Keyed, Write,
        nats::{
            failure::{self, Cause, Trouble},
            heads::Head,
            jetstream::Outgoing,
            key::{Record, placed},
            message,
            shared::Shared,
        },
    },
};

const ACTION: &str = "append";
const LOOK_UP: &str = "look up a key";

/// Stores a batch, however often that takes.
pub(super) async fn append(shared: &Shared, batch: &Batch) -> Result<Appended> {
    batch.check()?;
    let append = Uuid::now_v7().simple().to_string();
    let mut patience = shared.log.patience();
    let mut from_memory = true;
    // The attempt of which nobody knows whether it was stored.
    let mut open: Option<Claim> = None;
    loop {
        let heads = heads(shared, batch, from_memory).await?;
        if let Some(claim) = open.take() {
            match claim.settle(shared, &append).await? {
                Settled::Stored(first) => {
                    return Ok(stored(shared, batch, &claim.writes, claim.length, first));
                }
                Settled::Open => open = Some(claim),
                Settled::Lost => {}
            }
        }
        if let Some(conflict) = conflict(batch, &heads) {
            if from_memory {
                from_memory = false;
                continue;
            }
            let known = first_outcome(shared, batch, &append).await?;
            return known.ok_or(Error::Conflict(conflict));
        }
        let plan = Plan::new(shared, batch, &heads, &append)?;
        if plan.messages.is_empty() {
            if batch.writes.len() < 2 || self::heads(shared, batch, false).await? == heads {
                return Ok(Appended { placed: placed(0, &plan.writes), repeated: false });
            }
            continue;
        }
        let cause: Cause = match shared.log.store(&plan.messages).await {
            Ok(last) => {
                let first = last.saturating_sub(plan.messages.len() as u64 - 1);
                return Ok(stored(shared, batch, &plan.writes, plan.messages.len() as u64, first));
            }
            Err(Trouble::Behind) => {
                from_memory = false;
                if let Some(first) = first_outcome(shared, batch, &append).await? {
                    return Ok(first);
                }
                patience.renew();
                "other writers were faster every time".into()
            }
            Err(Trouble::Busy(cause)) => cause,
            Err(Trouble::Open(cause)) => {
                from_memory = false;
                open = open.or_else(|| plan.claim());
                cause
            }
            Err(trouble) => return Err(refusal(batch, trouble)),
        };
        if !patience.more().await {
            return Err(failure::to(ACTION, cause));
        }
        tracing::debug!(%cause, "append again");
    }
}

/// What a key was used for.
pub(super) async fn keyed(shared: &Shared, key: &str) -> Result<Option<Keyed>> {
    Ok(find(shared, key).await?.map(|(keyed, _)| keyed))
}

async fn find(shared: &Shared, key: &str) -> Result<Option<(Keyed, HeaderMap)>> {
    let subject = shared.names.key(key);
    let Some(message) = shared.log.last(LOOK_UP, &subject).await? else { return Ok(None) };
    let keyed = Record::read(&message, key)?;
    Ok(keyed.map(|keyed| (keyed, message.headers)))
}

/// The outcome of the key's first use, if it was used; that may have been this very append.
async fn first_outcome(shared: &Shared, batch: &Batch, append: &str) -> Result<Option<Appended>> {
    let Some(key) = &batch.key else { return Ok(None) };
    let Some((first, headers)) = find(shared, &key.key).await? else { return Ok(None) };
    if first.fingerprint != key.fingerprint {
        return Err(Error::KeyReused { key: key.key.to_string() });
    }
    let repeated = !message::is_of(&headers, append);
    Ok(Some(Appended { repeated, ..first.appended }))
}

/// Where the streams of a batch end. One that is only checked is always asked for, for its version
/// is part of the answer.
async fn heads(shared: &Shared, batch: &Batch, from_memory: bool) -> Result<Vec<Head>> {
    let head = async |write: &Write| {
        if from_memory
            && !write.events.is_empty()
            && let Some(head) = shared.heads.get(&write.stream)
        {
            return Ok(head);
        }
        let subject = shared.names.stream(&write.stream);
        let Some(last) = shared.log.last(ACTION, &subject).await? else {
            shared.heads.forget(&write.stream);
            return Ok(Head::default());
        };
        let version = message::version(ACTION, last.sequence, &last.headers)?;
        let head = Head { sequence: last.sequence, version };
        shared.heads.put(&write.stream, head);
        Ok(head)
    };
    try_join_all(batch.writes.iter().map(head)).await
}

/// The first expectation that does not hold.
fn conflict(batch: &Batch, heads: &[Head]) -> Option<Conflict> {
    let mut each = batch.writes.iter().zip(heads);
    let (write, head) = each.find(|(write, head)| !write.expected.holds(Version(head.version)))?;
    Some(Conflict::new(write.stream.clone(), write.expected, Version(head.version)))
}

/// What is sent for a batch.
struct Plan {
    messages: Vec<Outgoing>,
    /// For each write how many events it has, and the version of the stream afterwards.
    writes: Vec<(u64, u64)>,
    /// Where its first event must be if it was stored: the subject, behind which sequence, and how
    /// many messages of the batch stand before it.
    first: Option<(String, u64, u64)>,
}

impl Plan {
    /// First all events, then the checks, then the key.
    fn new(shared: &Shared, batch: &Batch, heads: &[Head], append: &str) -> Result<Self> {
        let (mut messages, mut checks) = (Vec::new(), Vec::new());
        let (mut writes, mut first) = (Vec::new(), None);
        for (write, head) in batch.writes.iter().zip(heads) {
            let subject = shared.names.stream(&write.stream);
            let guarded = matches!(write.expected, Expected::Empty | Expected::Version(_));
            if write.events.is_empty() && guarded {
                let check = Outgoing::new(shared.names.check(), "");
                checks.push(check.expecting_of(&subject, head.sequence));
            }
            let mut version = head.version;
            for event in &write.events {
                version += 1;
                let message = message::outgoing(event, version, subject.clone(), append);
                let Some(mut message) = message else {
                    return message::refuse(&write.stream, "the meta data is longer than 48 KiB");
                };
                if version == head.version + 1 {
                    first = first
                        .or_else(|| Some((subject.clone(), head.sequence, messages.len() as u64)));
                    message = message.expecting(head.sequence);
                }
                messages.push(message);
            }
            writes.push((write.events.len() as u64, version));
        }
        // Checks alone are answered from what was read.
        if !messages.is_empty() || batch.key.is_some() {
            messages.append(&mut checks);
        }
        if let Some(key) = &batch.key {
            let record = Record::new(key, messages.len() as u64, writes.clone());
            let record = serde_json::to_vec(&record)
                .map_err(|source| Error::Encode { what: "a key".to_owned(), source })?;
            let subject = shared.names.key(&key.key);
            messages.push(message::mark(Outgoing::new(subject, record), append).expecting(0));
        }
        Ok(Self { messages, writes, first })
    }

    fn claim(self) -> Option<Claim> {
        let Self { messages, writes, first } = self;
        let (subject, after, before) = first?;
        Some(Claim { subject, after, before, length: messages.len() as u64, writes })
    }
}

/// By which an attempt is found again.
struct Claim {
    subject: String,
    after: u64,
    before: u64,
    length: u64,
    writes: Vec<(u64, u64)>,
}

enum Settled {
    /// It was stored; the sequence of its first message.
    Stored(u64),
    /// Another event has its place, so that it never will be.
    Lost,
    Open,
}

impl Claim {
    async fn settle(&self, shared: &Shared, append: &str) -> Result<Settled> {
        let next = shared.log.next(ACTION, &self.subject, self.after.saturating_add(1)).await?;
        Ok(match next {
            None => Settled::Open,
            Some(found) if message::is_of(&found.headers, append) => {
                Settled::Stored(found.sequence.saturating_sub(self.before))
            }
            Some(_) => Settled::Lost,
        })
    }
}

/// The answer to a batch that was stored, and what is remembered of it.
fn stored(
    shared: &Shared,
    batch: &Batch,
    writes: &[(u64, u64)],
    messages: u64,
    first: u64,
) -> Appended {
    let placed = placed(first, writes);
    for (write, placed) in batch.writes.iter().zip(&placed) {
        if placed.count > 0 {
            let head = Head { sequence: placed.last.0, version: placed.version.0 };
            shared.heads.put(&write.stream, head);
        }
    }
    shared.news.appended(Id(first.saturating_add(messages).saturating_sub(1)));
    Appended { placed, repeated: false }
}

/// What the server does not take.
fn refusal(batch: &Batch, trouble: Trouble) -> Error {
    use async_nats::jetstream::ErrorCode;
    let stream = batch.writes.first().map(|write| write.stream.clone());
    let why = match &trouble {
        Trouble::Large => {
            "an event is larger than the NATS server takes: raise its `max_payload`, or keep \
             large data elsewhere"
        }
        Trouble::Refused(error)
            if error.error_code() == ErrorCode::ATOMIC_PUBLISH_TOO_LARGE_BATCH =>
        {
            "the batch has more events than the NATS server takes at once: raise `max_msgs` of its \
             `jetstream { limits { batch } }`, or append less at a time"
        }
        _ => return failure::to(ACTION, trouble),
    };
    match stream {
        Some(stream) => Error::InvalidBatch { stream: StreamId::clone(&stream), why },
        None => failure::to(ACTION, why),
    }
}
