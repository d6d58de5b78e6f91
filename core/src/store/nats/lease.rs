//! Leases: one value for each, kept when it is given back, so that its token only grows.

use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    store::{
        BoxFuture, Lease, Leases, Nats,
        nats::{
            failure,
            jetstream::Outgoing,
            names,
            state::{Change, change},
        },
    },
};

const ACQUIRE: &str = "take a lease";
const RENEW: &str = "renew a lease";
const RELEASE: &str = "give a lease back";
const LIST: &str = "list leases";

/// What is kept of a lease beside its name.
#[derive(Serialize, Deserialize)]
struct Held {
    holder: String,
    token: u64,
    until: Timestamp,
}

impl Held {
    fn read(action: &str, message: Option<&StreamMessage>) -> Result<Option<Self>> {
        let Some(message) = message else { return Ok(None) };
        let held = serde_json::from_slice(&message.payload);
        held.map(Some).map_err(|error| failure::to(action, error))
    }

    fn put<T>(&self, action: &str, subject: &str, done: T) -> Result<Change<T>> {
        let held = serde_json::to_vec(self).map_err(|error| failure::to(action, error))?;
        Ok(Change::Put(Outgoing::new(subject.to_owned(), held), done))
    }

    fn is(&self, lease: &Lease) -> bool {
        self.token == lease.token && self.holder == lease.holder
    }
}

/// The sequence of a lease's value, if the lease is the current one.
pub(super) fn current(action: &str, lease: &Lease, message: Option<&StreamMessage>) -> Result<u64> {
    match (Held::read(action, message)?, message) {
        (Some(held), Some(message)) if held.is(lease) => Ok(message.sequence),
        _ => Err(fenced(lease)),
    }
}

fn fenced(lease: &Lease) -> Error {
    Error::Fenced { lease: lease.name.clone(), token: lease.token }
}

fn end(now: Timestamp, ttl: Duration) -> Timestamp {
    now.saturating_add(ttl).unwrap_or(Timestamp::MAX)
}

impl Leases for Nats {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>> {
        Box::pin(async move {
            let subject = self.shared().names.lease(name);
            let decide = |subject: &str, present: Option<&StreamMessage>| {
                let token = match Held::read(ACQUIRE, present)? {
                    Some(held) if held.holder == holder => held.token,
                    Some(held) if held.until > now => return Ok(Change::Leave(None)),
                    Some(held) => held.token.saturating_add(1),
                    None => 1,
                };
                let (name, until) = (name.to_owned(), end(now, ttl));
                let lease = Lease { name, holder: holder.to_owned(), token, until };
                Held { holder: holder.to_owned(), token, until }.put(ACQUIRE, subject, Some(lease))
            };
            change(&self.shared().state, ACQUIRE, subject, decide).await
        })
    }

    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>> {
        Box::pin(async move {
            let subject = self.shared().names.lease(&lease.name);
            let decide = |subject: &str, present: Option<&StreamMessage>| {
                current(RENEW, lease, present)?;
                let renewed = Lease { until: end(now, ttl), ..lease.clone() };
                let Lease { holder, token, until, .. } = renewed.clone();
                Held { holder, token, until }.put(RENEW, subject, renewed)
            };
            change(&self.shared().state, RENEW, subject, decide).await
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let subject = self.shared().names.lease(&lease.name);
            let decide = |subject: &str, present: Option<&StreamMessage>| match Held::read(
                RELEASE, present,
            )? {
                Some(held) if held.is(lease) => {
                    let (holder, until) = (String::new(), Timestamp::MIN);
                    Held { holder, until, ..held }.put(RELEASE, subject, ())
                }
                _ => Ok(Change::Leave(())),
            };
            change(&self.shared().state, RELEASE, subject, decide).await
        })
    }

    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>> {
        Box::pin(async move {
            let (state, start) = (&self.shared().state, self.shared().names.leases());
            let mut leases = Vec::new();
            for subject in state.subjects(LIST, &format!("{start}*")).await? {
                let Some(name) = subject.strip_prefix(&start).and_then(names::text) else {
                    continue;
                };
                let present = state.last(LIST, &subject).await?;
                if let Some(Held { holder, token, until }) = Held::read(LIST, present.as_ref())?
                    && until > now
                {
                    leases.push(Lease { name: name.into_owned(), holder, token, until });
                }
            }
            leases.sort_unstable_by(|one, other| one.name.cmp(&other.name));
            Ok(leases)
        })
    }
}
