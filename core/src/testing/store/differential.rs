//! Random operations on the store under test and on [`Memory`]: the answers must be equal.
//!
//! Ids may have gaps and tokens may start anywhere, so both are compared by their rank.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use super::{
    Outcome, Subject,
    failure::equal,
    seed::seeded,
    steps::{all, ids},
};
use crate::{
    Committed, Error, Id, Result,
    store::{Appended, Lease, Memory, Query, Snapshots, Store, ViewCommit},
};

mod operation;

use operation::Operation;

/// How many operations a run has.
const OPERATIONS: usize = 500;

/// 500 random operations have the same answers as on [`Memory`], and leave the same log.
pub async fn answers_equal_those_of_memory(subject: &dyn Subject) -> Outcome {
    seeded(async |mut random| {
        let mut tested = Side::new(subject.fresh().await?);
        let mut memory = Side::new(Arc::new(Memory::new()));
        for at in 0..OPERATIONS {
            let operation = Operation::random(&mut random)?;
            let found = tested.answer(&operation).await?;
            let wanted = memory.answer(&operation).await?;
            equal(&found, &wanted, format_args!("the answer to operation {at}, {operation:?}"))?;
        }
        let found = tested.events(Query::all()).await?;
        equal(&found, &memory.events(Query::all()).await?, "the log after all operations")
    })
    .await
}

/// One of the two stores, with what is known of its ids and leases.
struct Side {
    store: Arc<dyn Store>,
    ids: Vec<Id>,
    leases: HashMap<(&'static str, &'static str), Lease>,
}

impl Side {
    fn new(store: Arc<dyn Store>) -> Self {
        Self { store, ids: Vec::new(), leases: HashMap::new() }
    }

    /// The answer in a form that is equal for all stores.
    async fn answer(&mut self, operation: &Operation) -> Outcome<String> {
        let store = Arc::clone(&self.store);
        Ok(match operation {
            Operation::Append(batch) => {
                let answer = store.append(batch.clone()).await;
                self.learn().await?;
                told(answer.map(|appended| self.places(&appended)))?
            }
            Operation::Keyed(key) => {
                let known = store.keyed(key).await?;
                format!("{:?}", known.map(|it| (it.fingerprint, self.places(&it.appended))))
            }
            Operation::Read { query, from, to } => {
                let mut query = query.clone();
                query.from_id = from.map(|rank| self.id(rank));
                query.to_id = to.map(|rank| self.id(rank));
                self.events(query).await?
            }
            Operation::Head => {
                // A head may stand in a gap behind the last event.
                let head = store.head().await?;
                self.ids.partition_point(|id| *id <= head).to_string()
            }
            Operation::SaveSnapshot(snapshot) => told(store.save_snapshot(snapshot.clone()).await)?,
            Operation::Snapshot(stream) => {
                told(Snapshots::snapshot(&*store, stream).await)?
                    + &told(store.snapshots(Some(stream), 2).await)?
            }
            Operation::Commit { commit, under } => {
                let lease = under.and_then(|key| self.leases.get(&key)).cloned();
                told(store.commit(ViewCommit { lease, ..commit.clone() }).await)?
            }
            Operation::View { view, key } => {
                // A store may list a view without a checkpoint after a refused commit.
                let mut views = store.views().await?;
                views.retain(|(_, checkpoint)| *checkpoint > Id(0));
                told(store.checkpoint(view).await)?
                    + &told(store.document(view, key).await)?
                    + &told(store.documents(view, "", Some(key), 2).await)?
                    + &told(Ok(views))?
            }
            Operation::Reset(view) => told(store.reset(view).await)?,
            Operation::Acquire { lease: (name, holder), now, ttl } => {
                let lease = store.acquire(name, holder, *now, *ttl).await?;
                let held = store.leases(*now).await?.into_iter();
                let held: Vec<_> = held.map(|held| (held.name, held.holder, held.until)).collect();
                let answer = format!("{:?} {held:?}", lease.as_ref().map(|lease| lease.until));
                self.leases.extend(lease.map(|lease| ((*name, *holder), lease)));
                answer
            }
            Operation::Renew { lease, now, ttl } => match self.leases.get(lease) {
                Some(held) => told(store.renew(held, *now, *ttl).await.map(|held| held.until))?,
                None => String::new(),
            },
            Operation::Release(lease) => match self.leases.get(lease) {
                Some(held) => told(store.release(held).await)?,
                None => String::new(),
            },
        })
    }

    /// Learns the ids that are new.
    async fn learn(&mut self) -> Outcome {
        let last = self.ids.last().copied().unwrap_or_default();
        self.ids.extend(ids(&*self.store, Query::all().after(last)).await?);
        Ok(())
    }

    /// The id of a rank, one below the first or one above the last where there is none.
    fn id(&self, rank: u64) -> Id {
        let at = usize::try_from(rank).unwrap_or(usize::MAX).checked_sub(1);
        let last = self.ids.last().copied().unwrap_or_default();
        at.map_or(Id(0), |at| self.ids.get(at).copied().unwrap_or(last.next()))
    }

    /// The rank of an id; one that was never shown has none, and 0 has the rank 0.
    fn rank(&self, id: Id) -> String {
        match self.ids.binary_search(&id) {
            Ok(at) => (at + 1).to_string(),
            Err(_) if id == Id(0) => "0".to_owned(),
            Err(_) => format!("id {id}, which no read has shown"),
        }
    }

    fn places(&self, appended: &Appended) -> String {
        let mut text = format!("repeated: {}", appended.repeated);
        for placed in &appended.placed {
            let (first, last) = (self.rank(placed.first), self.rank(placed.last));
            let _ = write!(text, ", {} from {first} to {last} at {}", placed.count, placed.version);
        }
        text
    }

    async fn events(&self, query: Query) -> Outcome<String> {
        let mut text = String::new();
        for event in all(&*self.store, query).await? {
            let Committed { name, schema, data, id, stream, version, created, meta } = event;
            let rank = self.rank(id);
            let _ = writeln!(
                text,
                "{rank} {stream} {version} {name} {schema} {data} {created} {}",
                meta.json()
            );
        }
        Ok(text)
    }
}

/// An answer or a refusal as text; what is no refusal breaks the rule.
fn told<T: std::fmt::Debug>(answer: Result<T>) -> Outcome<String> {
    match answer {
        Ok(answer) => Ok(format!("{answer:?}")),
        Err(
            refusal @ (Error::Conflict(_)
            | Error::KeyReused { .. }
            | Error::ReservedKey { .. }
            | Error::InvalidBatch { .. }
            | Error::Stale { .. }),
        ) => Ok(refusal.to_string()),
        Err(Error::Fenced { lease, .. }) => Ok(format!("{lease} is fenced off")),
        Err(error) => Err(error.into()),
    }
}
