//! One JetStream stream: what is asked of its leader, and how messages are stored in it.
//!
//! Single messages are asked of the leader, for a replica may be behind it. What is published
//! carries the last sequence that it expects of a subject; so the same may be sent again after an
//! answer was lost, and is stored once.

use std::{str::FromStr, time::Duration};

use async_nats::{
    Client, HeaderMap, HeaderName, HeaderValue, Request,
    header::{
        NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE,
        NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
    },
    jetstream::{
        self,
        message::StreamMessage,
        response::Response,
        stream::{LastRawMessageErrorKind, RawMessageBuilder, WithHeaders},
    },
};
use bytes::Bytes;
use futures_util::TryStreamExt;
use serde::Deserialize;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    Result,
    store::nats::{
        failure::{self, Trouble},
        patience::Patience,
    },
};

/// The subject whose last sequence is expected, where it is not the message's own.
const EXPECTED_OF: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// How many messages the batch of a message has; a stored batch is whole once the last is there.
const BATCH_SIZE: &str = "Actum-Batch-Size";
/// How many batches are under way at once: the server takes 50 for each stream, of all clients.
const BATCHES: usize = 24;

/// A JetStream stream.
#[derive(Debug)]
pub(super) struct JetStream {
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) patience: Duration,
    stream: jetstream::stream::Stream<()>,
    batches: Semaphore,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) subject: String,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

impl Outgoing {
    pub(super) fn new(subject: String, payload: impl Into<Bytes>) -> Self {
        Self { subject, headers: HeaderMap::new(), payload: payload.into() }
    }

    /// Sets a header; its value has no line break.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Demands that the last message of its subject has this sequence; 0 for none.
    pub(super) fn expecting(mut self, sequence: u64) -> Self {
        self.headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.to_string());
        self
    }

    /// Demands it of another subject.
    pub(super) fn expecting_of(self, subject: &str, sequence: u64) -> Self {
        self.expecting(sequence).header(EXPECTED_OF, subject)
    }
}

/// What the server says to a message to be stored.
#[derive(Deserialize)]
struct Stored {
    seq: u64,
}

impl JetStream {
    pub(super) async fn new(
        context: &jetstream::Context,
        name: String,
        patience: Duration,
    ) -> Result<Self> {
        let stream = context.get_stream_no_info(&name).await;
        let stream = stream.map_err(|error| failure::to(format!("use `{name}`"), error))?;
        let batches = Semaphore::new(BATCHES);
        Ok(Self { client: context.client(), name, patience, stream, batches })
    }

    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.patience)
    }

    /// The last message of a subject, which may have wildcards.
    pub(super) async fn last(&self, action: &str, subject: &str) -> Result<Option<StreamMessage>> {
        self.ask(action, |builder| builder.last_by_subject(subject)).await
    }

    /// The first message of a subject from a sequence on.
    pub(super) async fn next(
        &self,
        action: &str,
        subject: &str,
        sequence: u64,
    ) -> Result<Option<StreamMessage>> {
        self.ask(action, |builder| builder.sequence(sequence).next_by_subject(subject)).await
    }

    /// The last message of a subject, once the batch that it belongs to is whole.
    pub(super) async fn last_whole(
        &self,
        action: &str,
        subject: &str,
    ) -> Result<Option<StreamMessage>> {
        let mut patience = self.patience();
        loop {
            let Some(last) = self.last(action, subject).await? else { return Ok(None) };
            let Some(end) = end_of_batch(&last) else { return Ok(Some(last)) };
            if self.ask(action, |builder| builder.sequence(end)).await?.is_some() {
                return Ok(Some(last));
            }
            if !patience.more().await {
                let why = format!("the batch that ends with message {end} does not become whole");
                return Err(failure::to(action, why));
            }
        }
    }

    /// Asks the leader for one message, again while there is no leader.
    async fn ask(
        &self,
        action: &str,
        what: impl Fn(RawMessageBuilder<WithHeaders>) -> RawMessageBuilder<WithHeaders>,
    ) -> Result<Option<StreamMessage>> {
        let mut patience = self.patience();
        loop {
            let error = match what(self.stream.raw_message_builder()).send().await {
                Ok(message) => return Ok(Some(message)),
                Err(error) => error,
            };
            let again = match error.kind() {
                LastRawMessageErrorKind::NoMessageFound
                | LastRawMessageErrorKind::InvalidSubject => return Ok(None),
                LastRawMessageErrorKind::JetStream(error) => error.code() >= 500,
                LastRawMessageErrorKind::Other => true,
            };
            if !again || !patience.more().await {
                return Err(failure::to(action, error));
            }
            tracing::debug!(%error, stream = self.name, "ask again");
        }
    }

    /// All subjects that a filter matches.
    pub(super) async fn subjects(&self, action: &str, filter: &str) -> Result<Vec<String>> {
        let mut patience = self.patience();
        loop {
            let listed = async {
                let subjects = self.stream.info_with_subjects(filter).await?;
                subjects.map_ok(|(subject, _)| subject).try_collect::<Vec<_>>().await
            };
            match listed.await {
                Ok(subjects) => return Ok(subjects),
                Err(error) if !patience.more().await => return Err(failure::to(action, error)),
                Err(error) => tracing::debug!(%error, stream = self.name, "list again"),
            }
        }
    }

    /// Removes the messages of the subjects that a filter matches.
    pub(super) async fn purge(&self, action: &str, filter: &str) -> Result<()> {
        let mut patience = self.patience();
        loop {
            match self.stream.purge().filter(filter).await {
                Ok(_) => return Ok(()),
                Err(error) if !patience.more().await => return Err(failure::to(action, error)),
                Err(error) => tracing::debug!(%error, stream = self.name, "purge again"),
            }
        }
    }

    /// Stores messages, all or none of them; the sequence of the last one.
    pub(super) async fn store(&self, messages: &[Outgoing]) -> Result<u64, Trouble> {
        let Some((last, before)) = messages.split_last() else {
            return Err(Trouble::Busy("nothing to store".into()));
        };
        if before.is_empty() {
            return self.send(last.clone()).await;
        }
        if messages.iter().any(|message| self.is_large(message)) {
            return Err(Trouble::Large);
        }
        let _room = self.batches.acquire().await.map_err(|closed| Trouble::Busy(closed.into()))?;
        let batch = Uuid::now_v7().simple().to_string();
        let part = |message: &Outgoing, number: usize| {
            let mut message = message.clone();
            message.headers.insert(NATS_BATCH_ID, batch.as_str());
            message.headers.insert(NATS_BATCH_SEQUENCE, number.to_string());
            message.header(BATCH_SIZE, &messages.len().to_string())
        };
        for (message, number) in before.iter().zip(1..) {
            let Outgoing { subject, headers, payload } = part(message, number);
            let sent = self.client.publish_with_headers(subject, headers, payload).await;
            // Without its last message the server drops the batch.
            sent.map_err(|error| Trouble::Busy(error.into()))?;
        }
        let mut last = part(last, messages.len());
        last.headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
        self.send(last).await
    }

    async fn send(&self, message: Outgoing) -> Result<u64, Trouble> {
        let Outgoing { subject, headers, payload } = message;
        let request = Request::new().headers(headers).payload(payload);
        let answer = self.client.send_request(subject, request).await.map_err(failure::silence)?;
        match serde_json::from_slice(&answer.payload) {
            Ok(Response::Ok(Stored { seq })) => Ok(seq),
            Ok(Response::Err { error }) => Err(failure::answer(error)),
            Err(error) => Err(Trouble::Open(error.into())),
        }
    }

    /// Whether the server takes no message like this; with room for what a batch adds.
    pub(super) fn is_large(&self, message: &Outgoing) -> bool {
        const ROOM: usize = 512;
        let headers = message.headers.iter().flat_map(|(name, values)| {
            values.iter().map(|value| AsRef::<str>::as_ref(name).len() + value.as_str().len() + 4)
        });
        headers.sum::<usize>() + message.payload.len() + ROOM > self.client.max_payload()
    }
}

/// The sequence of the last message of a batch, unless this is the last one or stands alone.
fn end_of_batch(message: &StreamMessage) -> Option<u64> {
    let number = |header: &str| message.headers.get(header)?.as_str().parse::<u64>().ok();
    let at = message.headers.get(NATS_BATCH_SEQUENCE)?.as_str().parse::<u64>().ok()?;
    let left = number(BATCH_SIZE)?.checked_sub(at)?;
    (left > 0).then_some(message.sequence.saturating_add(left))
}
