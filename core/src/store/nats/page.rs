//! One request for stored messages of a subject, from a sequence on.
//!
//! Any replica answers, also one that lags behind: whoever reads knows from the leader up to where
//! there must be something. Each message names the one before, so that none can get lost unseen.

use std::time::Duration;

use async_nats::{
    HeaderMap, Message,
    header::{NATS_LAST_SEQUENCE, NATS_SEQUENCE, NATS_SUBJECT},
};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::Serialize;
use tokio::time::timeout;

use crate::store::nats::{failure::Cause, jetstream::JetStream};

/// How long a replica may be silent in the midst of an answer.
const SILENCE: Duration = Duration::from_secs(2);

/// Which messages.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Wanted<'a> {
    #[serde(rename = "next_by_subj")]
    pub(super) subject: &'a str,
    #[serde(rename = "seq")]
    pub(super) from: u64,
    #[serde(rename = "batch")]
    pub(super) most: usize,
    pub(super) max_bytes: usize,
}

/// A stored message.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
}

/// What one request brought.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) found: Vec<Found>,
    /// Why there is not more, where that is no end.
    pub(super) broken: Option<Cause>,
}

/// Asks for messages; those that came before an error are good.
pub(super) async fn page(jetstream: &JetStream, wanted: &Wanted<'_>) -> Page {
    let mut page = Page::default();
    if let Err(cause) = fill(jetstream, wanted, &mut page.found).await {
        page.broken = Some(cause);
    }
    page
}

async fn fill(
    jetstream: &JetStream,
    wanted: &Wanted<'_>,
    found: &mut Vec<Found>,
) -> Result<(), Cause> {
    let client = &jetstream.client;
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await?;
    let subject = format!("$JS.API.DIRECT.GET.{}", jetstream.name);
    let payload = serde_json::to_vec(wanted)?;
    client.publish_with_reply(subject, inbox, payload.into()).await?;
    let mut before = 0;
    while found.len() < wanted.most {
        let answer = timeout(SILENCE, answers.next()).await?;
        let message = answer.ok_or("the connection is gone")?;
        if let Some(status) = message.status {
            return match status.as_u16() {
                204 | 404 => Ok(()),
                _ => Err(format!("{status}: {}", message.description.unwrap_or_default()).into()),
            };
        }
        let Some((one, last)) = read(message) else {
            return Err("an answer without sequences".into());
        };
        if last != before && before != 0 {
            return Err("a message got lost on the way".into());
        }
        before = one.sequence;
        found.push(one);
    }
    Ok(())
}

/// The message, and the sequence of the one before it in this answer.
fn read(message: Message) -> Option<(Found, u64)> {
    let headers = message.headers?;
    let sequence = headers.get(NATS_SEQUENCE)?.as_str().parse().ok()?;
    let last = headers.get(NATS_LAST_SEQUENCE)?.as_str().parse().ok()?;
    let subject = headers.get(NATS_SUBJECT)?.as_str().to_owned();
    Some((Found { subject, sequence, headers, payload: message.payload }, last))
}
