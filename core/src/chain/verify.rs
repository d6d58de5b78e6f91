//! Goes through a log and finds the first event that is not what was appended.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use futures_util::StreamExt;
use serde::Serialize;

use super::{
    End, Head, PublicKey,
    key::unhex,
    link::{self, Hash, NONE},
};
use crate::{
    Archive, Committed, Id, Result, StreamId, Version,
    archive::Through,
    store::{Log, Query, Store},
};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verified {
    /// How many events were looked at.
    pub events: u64,
    /// How many of them carry a hash.
    pub chained: u64,
    /// How many signed heads there are.
    pub heads: u64,
    /// Up to which id the log is signed: nothing up to it can have been changed unnoticed.
    ///
    /// One that lies before what it was once means that the log was put back to an earlier state.
    pub signed_to: Id,
    /// The first thing that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// The first event that is not what was appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// What was done to it.
    pub tampering: Tampering,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its id, or the one it had; `None` where it is no longer known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
}

/// What was done to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tampering {
    /// It is not what its hash says.
    Edited,
    /// It is gone.
    Removed,
    /// It was not appended by a chained app.
    Inserted,
    /// It stands at another place in the log than where it was appended.
    Moved,
    /// It is a head that was not signed with this key.
    Forged,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tampering, stream, version, id } = self;
        write!(f, "version {version} of `{stream}`")?;
        if let Some(id) = id {
            write!(f, ", event {id}")?;
        }
        write!(f, ": {tampering}")
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edited => "it was edited: it is not what its hash says",
            Self::Removed => "it was removed",
            Self::Inserted => "it was inserted: no chained app has appended it",
            Self::Moved => "it was moved: it stands where it was not appended",
            Self::Forged => "it is a head that was not signed with this key",
        })
    }
}

/// Goes through a log and finds the first event that was edited, removed, inserted or moved.
///
/// What was moved into an archive is read from there. Of each stream the last hash stays in memory.
///
/// ```
/// use std::sync::Arc;
///
/// use actum::{chain::{self, Key}, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key: Key = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60".parse()?;
/// let found = chain::verify(Arc::new(Memory::new()), None, &key.public()).await?;
/// assert_eq!(found.fault, None);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// What the store or the archive answers; [`Error::NoArchive`](crate::Error::NoArchive) where there
/// should be one.
pub async fn verify(
    store: Arc<dyn Store>,
    archive: Option<Arc<dyn Archive>>,
    key: &PublicKey,
) -> Result<Verified> {
    check(&Through::new(store, archive), key).await
}

/// As [`verify`], of a log that gives what is archived.
pub(crate) async fn check(log: &dyn Log, key: &PublicKey) -> Result<Verified> {
    let mut checking = Checking::default();
    let fault = checking.run(log, key).await?;
    checking.found.fault = fault;
    Ok(checking.found)
}

/// Where the check stands.
#[derive(Default)]
struct Checking {
    found: Verified,
    digest: Hash,
    /// The last event of each stream.
    streams: HashMap<StreamId, Tip>,
    /// The streams that have grown since the last head.
    grown: BTreeMap<String, Id>,
}

/// The last event of a stream, as it was found.
#[derive(Clone, Copy)]
struct Tip {
    version: Version,
    /// What the next event is hashed on.
    chained: Hash,
    /// What it counts as in a head.
    hash: Hash,
}

impl Checking {
    async fn run(&mut self, log: &dyn Log, key: &PublicKey) -> Result<Option<Fault>> {
        let mut heads = match heads(log, key).await? {
            Ok(heads) => heads.into_iter().peekable(),
            Err(fault) => return Ok(Some(fault)),
        };
        let mut pages = log.read(Query::all());
        while let Some(page) = pages.next().await {
            for event in page? {
                while let Some(head) = heads.next_if(|head| head.data.id < event.id) {
                    if let Some(fault) = self.compare(&head) {
                        return Ok(Some(fault));
                    }
                }
                if let Some(fault) = self.take(&event) {
                    return Ok(Some(placed(log, fault, &event).await?));
                }
            }
        }
        Ok(heads.find_map(|head| self.compare(&head)))
    }

    /// Takes the next event of the log, unless something is wrong with it.
    fn take(&mut self, event: &Committed) -> Option<Fault> {
        let fault = |tampering, version, id| {
            Some(Fault { tampering, stream: event.stream.clone(), version, id })
        };
        let tip = self.streams.get(&event.stream).copied();
        let before = tip.unwrap_or(Tip { version: Version(0), chained: NONE, hash: NONE });
        let due = before.version.next();
        if event.version < due {
            return fault(Tampering::Moved, event.version, Some(event.id));
        }
        if event.version > due {
            return fault(Tampering::Removed, due, None);
        }
        let (carried, own) = link::of(event, &before.chained);
        let hash = match carried {
            Some(carried) if carried != own => {
                return fault(Tampering::Edited, event.version, Some(event.id));
            }
            Some(carried) => {
                self.found.chained += 1;
                carried
            }
            // Once one event of the log is chained, every later one is.
            None if self.found.chained > 0 => {
                return fault(Tampering::Inserted, event.version, Some(event.id));
            }
            None => link::of(event, &NONE).1,
        };
        let chained = carried.unwrap_or(NONE);
        let tip = Tip { version: event.version, chained, hash };
        self.streams.insert(event.stream.clone(), tip);
        self.grown.insert(event.stream.to_string(), event.id);
        self.digest = link::digest(&self.digest, event.id, &hash);
        self.found.events += 1;
        None
    }

    /// Compares what was found with what was signed.
    fn compare(&mut self, head: &Committed<Head>) -> Option<Fault> {
        let grown = std::mem::take(&mut self.grown);
        if head.data.hash() == self.digest && head.data.events == self.found.events {
            self.found.heads += 1;
            self.found.signed_to = head.data.id;
            return None;
        }
        let signed = head.data.streams.iter().filter_map(|(stream, end)| self.differs(stream, end));
        let added = grown.iter().filter(|(stream, _)| !head.data.streams.contains_key(*stream));
        let added = added.filter_map(|(stream, id)| {
            let stream: StreamId = stream.parse().ok()?;
            let version = self.streams.get(&stream)?.version;
            Some((*id, Fault { tampering: Tampering::Inserted, stream, version, id: Some(*id) }))
        });
        let first = signed.chain(added).min_by_key(|(id, _)| *id).map(|(_, fault)| fault);
        // Every stream ends as it was signed: what differs is where its events stand in the log.
        Some(first.unwrap_or_else(|| {
            let moved = grown.into_iter().min_by_key(|(_, id)| *id);
            let (stream, id) = moved.unwrap_or((head.stream.to_string(), head.id));
            let stream = stream.parse().unwrap_or_else(|_| head.stream.clone());
            let version = self.streams.get(&stream).map_or(head.version, |tip| tip.version);
            Fault { tampering: Tampering::Moved, stream, version, id: Some(id) }
        }))
    }

    /// What is wrong with a stream that was signed, and the id by which it counts.
    fn differs(&self, name: &str, end: &End) -> Option<(Id, Fault)> {
        let stream: StreamId = name.parse().ok()?;
        let tip = self.streams.get(&stream);
        let version = tip.map_or(Version(0), |tip| tip.version);
        let fault = |tampering, version, id| {
            Some((end.id, Fault { tampering, stream: stream.clone(), version, id }))
        };
        if version < end.version {
            let last = version.next() == end.version;
            return fault(Tampering::Removed, version.next(), last.then_some(end.id));
        }
        if version > end.version {
            return fault(Tampering::Inserted, end.version.next(), None);
        }
        let is_same = tip.is_some_and(|tip| unhex(&end.hash) == Some(tip.hash));
        if is_same { None } else { fault(Tampering::Edited, version, Some(end.id)) }
    }
}

/// What is missing may come later: then this event stands before it, and was moved.
async fn placed(log: &dyn Log, fault: Fault, event: &Committed) -> Result<Fault> {
    if fault.tampering != Tampering::Removed {
        return Ok(fault);
    }
    let query = Query::stream(event.stream.clone());
    let query = query.from_version(fault.version).to_version(fault.version);
    Ok(match log.read(query).next().await.transpose()? {
        None => fault,
        Some(_) => Fault {
            tampering: Tampering::Moved,
            stream: event.stream.clone(),
            version: event.version,
            id: Some(event.id),
        },
    })
}

/// The heads of a log, all of them signed.
async fn heads(log: &dyn Log, key: &PublicKey) -> Result<Result<Vec<Committed<Head>>, Fault>> {
    let mut pages = log.read(Query::stream(Head::STREAM.parse()?));
    let mut heads: Vec<Committed<Head>> = Vec::new();
    while let Some(page) = pages.next().await {
        for event in page? {
            let (stream, version, id) = (event.stream.clone(), event.version, Some(event.id));
            let forged = Fault { tampering: Tampering::Forged, stream, version, id };
            let before = heads.last().map_or(Id(0), |head| head.data.id);
            let is_head = *event.name == *Head::NAME;
            let head = if is_head { event.decode_own::<Head>(Head::NAME).ok() } else { None };
            match head.filter(|head| head.data.is_signed_by(key) && head.data.id > before) {
                Some(head) => heads.push(head),
                None => return Ok(Err(forged)),
            }
        }
    }
    Ok(Ok(heads))
}
