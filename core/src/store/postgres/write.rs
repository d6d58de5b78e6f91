//! Carries out a group of requests: one call in the ordinary case, with a verdict for each.

use std::time::Duration;

use deadpool_postgres::{Client, Object, Pool, tokio_postgres};

use crate::{
    Error, Result, StreamClosed, StreamId,
    store::{
        Appended, Batch, Key, Keyed, Write,
        postgres::{
            appender::Request,
            call::{self, Call, Verdict},
            failure,
            listen::News,
            shared::{Shared, malformed},
            single::{self, Single},
            truncate,
            value::Time,
        },
    },
};

/// How often a call is repeated when another transaction was in its way.
const ATTEMPTS: u32 = 10;
const ACTION: &str = "append";

/// Answers every request of a group.
pub(super) async fn carry_out(shared: &Shared, writers: &Pool, group: Vec<Request>, news: &News) {
    let client = match writers.get().await {
        Ok(client) => client,
        Err(source) => {
            let why = source.to_string();
            for request in group {
                answer(request, Err(failure::to(ACTION, why.clone())));
            }
            return;
        }
    };
    let mut busy = Busy(None);
    match attempt(shared, busy.with(client), &group).await {
        Ok(verdicts) => {
            busy.end();
            for (request, verdict) in group.into_iter().zip(verdicts) {
                settle(shared, request, verdict, news).await;
            }
        }
        // One request that the server refuses must not take the others with it.
        Err(error) if group.len() > 1 && failure::refused(&error).is_some() => {
            drop(busy);
            for request in group {
                Box::pin(carry_out(shared, writers, vec![request], news)).await;
            }
        }
        Err(error) => {
            drop(busy);
            refuse(group, error);
        }
    }
}

/// Makes the call, again if another transaction was in its way.
async fn attempt(
    shared: &Shared,
    client: &Client,
    group: &[Request],
) -> Result<Vec<Verdict>, tokio_postgres::Error> {
    let mut attempts = 1;
    loop {
        match call(shared, client, group).await {
            Ok(verdicts) => return Ok(verdicts),
            Err(error)
                if attempts < ATTEMPTS
                    && failure::refused(&error).is_some_and(failure::transient) =>
            {
                tracing::debug!(%error, attempts, "append again");
                let most = 1 << attempts.min(6);
                tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=most))).await;
                attempts += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn call(
    shared: &Shared,
    client: &Client,
    group: &[Request],
) -> Result<Vec<Verdict>, tokio_postgres::Error> {
    if let [request] = group
        && let Some(single) = Single::new(&request.batch)
    {
        let statement = client.prepare_cached(&shared.sql(single::SQL)).await?;
        let row = client.query_one(&statement, &single.parameters()).await?;
        return Ok(vec![single.verdict(&row)?]);
    }
    let batches = || group.iter().map(|request| &request.batch);
    let call = Call::new(batches());
    let statement = client.prepare_cached(&shared.sql(call::SQL)).await?;
    let row = client.query_one(&statement, &call.parameters()).await?;
    call::verdicts(&row, batches())
}

async fn settle(shared: &Shared, request: Request, verdict: Verdict, news: &News) {
    let outcome = match verdict {
        Verdict::Stored(appended) => {
            news.appended(appended.id());
            Ok(appended)
        }
        Verdict::Conflict(conflict) => Err(Error::Conflict(conflict)),
        Verdict::Closed(stream, version) => truncate::closed(shared, &stream)
            .await
            .and_then(|at| Err(StreamClosed::new(stream, version, at).into())),
        Verdict::Known => first_outcome(shared, &request.batch).await,
    };
    answer(request, outcome);
}

async fn first_outcome(shared: &Shared, batch: &Batch) -> Result<Appended> {
    let Some(Key { key, fingerprint }) = &batch.key else {
        return Err(failure::to(ACTION, "the server knows a key that was not sent"));
    };
    match keyed(shared, key).await? {
        Some(first) if first.fingerprint == *fingerprint => {
            Ok(Appended { repeated: true, ..first.appended })
        }
        Some(_) => Err(Error::KeyReused { key: key.to_string() }),
        None => Err(failure::to(ACTION, format!("the key `{key}` was deleted meanwhile"))),
    }
}

/// What a key was used for.
pub(super) async fn keyed(shared: &Shared, key: &str) -> Result<Option<Keyed>> {
    const LOOK_UP: &str = "look up a key";
    let sql = "select fingerprint, placed from @keys where key = $1";
    let Some(row) = shared.find(LOOK_UP, sql, &[&key]).await? else { return Ok(None) };
    let print: &[u8] = row.try_get(0).map_err(malformed(LOOK_UP))?;
    let placed: Vec<i64> = row.try_get(1).map_err(malformed(LOOK_UP))?;
    let fingerprint = print.try_into().map_err(|source| failure::to(LOOK_UP, Box::new(source)))?;
    Ok(Some(Keyed { fingerprint, appended: call::outcome(&placed) }))
}

/// A session whose call has not succeeded: dropped like this it is not used again, for it may keep
/// the lock for drawing ids. That is so after a failure, and when a caller stops waiting.
struct Busy(Option<Client>);

impl Busy {
    fn with(&mut self, client: Client) -> &Client {
        self.0.insert(client)
    }

    /// The call has succeeded: others may have the session.
    fn end(&mut self) {
        drop(self.0.take());
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

fn refuse(group: Vec<Request>, error: tokio_postgres::Error) {
    let mut group = group.into_iter();
    if group.len() == 1 {
        if let Some(request) = group.next() {
            answer(request, Err(failure::to(ACTION, Box::new(error))));
        }
        return;
    }
    let why = format!("{error}, in one call with other appends");
    for request in group {
        answer(request, Err(failure::to(ACTION, why.clone())));
    }
}

/// Whoever has dropped the future does not want to know.
fn answer(request: Request, outcome: Result<Appended>) {
    drop(request.answer.send(outcome));
}

/// Refuses what this store cannot keep, before others share a call with it.
pub(super) fn check(batch: &Batch) -> Result<()> {
    let refuse = |write: &Write, why| {
        Err(Error::InvalidBatch { stream: StreamId::clone(&write.stream), why })
    };
    for write in &batch.writes {
        if batch.key.as_ref().is_some_and(|key| key.key.contains('\0')) {
            return refuse(write, "PostgreSQL keeps no key with a NUL character");
        }
        for event in &write.events {
            if !Time::fits(event.created) {
                return refuse(write, "PostgreSQL keeps no time before 4714 BC");
            }
            if i32::try_from(event.schema).is_err() {
                return refuse(write, "PostgreSQL keeps no schema version above 2147483647");
            }
        }
    }
    Ok(())
}
