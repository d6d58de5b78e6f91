//! `actum verify`: whether the log is what it should be, and the snapshots fit it.
//!
//! One pass over the log, then one over the snapshots and one over the views. Of each stream the
//! last version is remembered.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use clap::Args;
use serde::{Serialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::{
    Committed, Error, Id, Json, StreamId, Version,
    archive::{Folder, Through},
    chain::{self, PublicKey},
    cli::{
        bar,
        events::{self, Events},
        exit::{Exit, Failure},
        out::Out,
        plain,
    },
    store::{Query, Snapshot, Store},
};

/// How many snapshots are read at a time.
const PAGE: u64 = 64;

/// Checks the whole log and the snapshots.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// The public key of the log's signed heads: checks the hash chain as well
    #[arg(long, value_name = "PUBLIC", env = "ACTUM_CHAIN_KEY")]
    key: Option<PublicKey>,
    /// Up to which id the log was known to be signed: one that is signed to less was put back
    #[arg(long, value_name = "ID", requires = "key")]
    signed_to: Option<u64>,
    /// The folder with the events of closed streams
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,
}

/// What was checked, and what was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    ok: bool,
    events: u64,
    streams: usize,
    snapshots: u64,
    views: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_to: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
}

/// What is wrong, and where.
#[derive(Debug, Default, Serialize)]
struct Fault {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<StreamId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
}

impl Fault {
    fn at(event: &Committed, what: String) -> Self {
        let (id, stream, version) = (event.id, event.stream.clone(), event.version);
        Self { what, id: Some(id), stream: Some(stream), version: Some(version) }
    }

    fn of(snapshot: &Snapshot, what: String) -> Self {
        let (stream, version) = (snapshot.stream.clone(), snapshot.version);
        Self { what, id: Some(snapshot.id), stream: Some(stream), version: Some(version) }
    }
}

impl Verify {
    pub(in crate::cli) async fn run(
        &self,
        store: Arc<dyn Store>,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let archive = self.archive.as_ref().map(|folder| Arc::new(Folder::new(folder)) as _);
        let through = Through::new(store, archive);
        let store = &through;
        let mut report = Report::default();
        // First what names the event itself, and not the one behind it.
        report.fault = self.chain(store, &mut report).await.map_err(unarchived)?;
        if report.fault.is_none() {
            report.fault = log(store, &mut report).await.map_err(unarchived)?;
        }
        if report.fault.is_none() {
            report.fault = snapshots(store, &mut report).await?;
        }
        if report.fault.is_none() {
            report.fault = views(store, &mut report).await?;
        }
        report.ok = report.fault.is_none();
        if out.is_json() {
            out.json(&report)?;
        } else if let Some(Fault { what, id, stream, version }) = &report.fault {
            let mut place = id.map(|id| format!("event {id}: ")).unwrap_or_default();
            if let (Some(stream), Some(version)) = (stream, version) {
                place = format!("{place}`{stream}` v{version}: ");
            }
            out.line(&plain::text(&format!("fault: {place}{what}")))?;
        } else {
            let Report { events, streams, snapshots, views, .. } = &report;
            out.line(&format!(
                "sound: {events} events of {streams} streams, {snapshots} snapshots, {views} views"
            ))?;
            if let Some(id) = report.signed_to {
                out.line(&format!("the chain is whole, and signed up to event {id}"))?;
            }
        }
        Ok(if report.ok { Exit::Done } else { Exit::Finding })
    }
}

impl Verify {
    /// Every event is what was appended, as far as hashes and signatures tell.
    async fn chain(
        &self,
        store: &dyn Store,
        report: &mut Report,
    ) -> Result<Option<Fault>, Failure> {
        let Some(key) = &self.key else { return Ok(None) };
        let found = chain::check(store, key).await?;
        report.signed_to = Some(found.signed_to);
        if let Some(fault) = found.fault {
            let what = fault.tampering.to_string();
            let chain::Fault { stream, version, id, .. } = fault;
            return Ok(Some(Fault { what, id, stream: Some(stream), version: Some(version) }));
        }
        let known = self.signed_to.map(Id).filter(|known| found.signed_to < *known);
        Ok(known.map(|known| {
            let what = format!(
                "the log is signed up to {}, and was known to be signed up to {known}: it was put \
                 back to an earlier state",
                found.signed_to
            );
            Fault { what, ..Fault::default() }
        }))
    }
}

/// What the command can do about events that are in an archive.
fn unarchived(failure: Failure) -> Failure {
    match failure {
        Failure::Store(Error::NoArchive { stream, name, .. }) => Failure::Usage(format!(
            "the events of `{stream}` are in an archive, as `{name}`; name its folder by \
             `--archive FOLDER`"
        )),
        failure => failure,
    }
}

/// Ids increase, the versions of each stream are 1, 2, 3 …, and everything is JSON.
async fn log(store: &dyn Store, report: &mut Report) -> Result<Option<Fault>, Failure> {
    let head = store.head().await?;
    let mut events = Events::new(store, Query::all(), &[]);
    let (mut last, mut streams) = (Id(0), HashMap::<StreamId, Version>::new());
    let bar = bar::new(head.0, "log", "ids");
    while let Some(event) = events.next().await? {
        if event.id <= last {
            return Ok(Some(Fault::at(&event, format!("its id follows the id {last}"))));
        }
        last = event.id;
        let before = match streams.get_mut(&event.stream) {
            Some(version) => std::mem::replace(version, event.version),
            None => streams.insert(event.stream.clone(), event.version).unwrap_or_default(),
        };
        if event.version != before.next() {
            let what = match before {
                Version(0) => "the first event of its stream has another version than 1".to_owned(),
                before => format!("its version follows version {before} of the same stream"),
            };
            return Ok(Some(Fault::at(&event, what)));
        }
        if event.name.is_empty() {
            return Ok(Some(Fault::at(&event, "it has no name".to_owned())));
        }
        if let Some(what) = no_json(&event.data, "its payload") {
            return Ok(Some(Fault::at(&event, what)));
        }
        if let Err(error) = event.meta.json().decode::<HashMap<String, Box<RawValue>>>() {
            let what = format!("its meta data is no JSON object: {error}");
            return Ok(Some(Fault::at(&event, what)));
        }
        report.events += 1;
        if event.id.0 % 1024 == 0 {
            bar.set_position(event.id.0);
        }
    }
    bar.finish_and_clear();
    report.streams = streams.len();
    Ok(None)
}

/// A snapshot is at a version that its stream has, with the id of that event.
async fn snapshots(store: &dyn Store, report: &mut Report) -> Result<Option<Fault>, Failure> {
    let mut after = None;
    let bar = bar::new(0, "snapshots", "snapshots");
    loop {
        let page = store.snapshots(after.as_ref(), PAGE).await?;
        for snapshot in &page {
            let Snapshot { stream, version, id, state, .. } = snapshot;
            let query = Query::stream(stream.clone()).from_version(*version).to_version(*version);
            let what = match events::first(store, query.without_meta()).await? {
                None => Some("the snapshot is beyond the end of its stream".to_owned()),
                Some(event) if event.id != *id => Some(format!(
                    "the snapshot names another event: the one with its version has the id {}",
                    event.id
                )),
                Some(_) => no_json(state, "the state of the snapshot"),
            };
            if let Some(what) = what {
                return Ok(Some(Fault::of(snapshot, what)));
            }
            report.snapshots += 1;
            bar.inc_length(1);
            bar.inc(1);
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last.stream),
            None => break,
        }
    }
    bar.finish_and_clear();
    Ok(None)
}

/// No view has seen more than the log has. The registers of builds count their changes instead.
async fn views(store: &dyn Store, report: &mut Report) -> Result<Option<Fault>, Failure> {
    let views = store.views().await?;
    let head = store.head().await?;
    for (view, checkpoint) in views {
        if view.version > 0 && checkpoint > head {
            let what = format!(
                "{view} has seen the log up to {checkpoint}, but it ends at {head}: an older log \
                 was put under it"
            );
            return Ok(Some(Fault { what, ..Fault::default() }));
        }
        report.views += 1;
    }
    Ok(None)
}

fn no_json(json: &Json, what: &str) -> Option<String> {
    json.decode::<IgnoredAny>().err().map(|error| format!("{what} is no JSON: {error}"))
}
