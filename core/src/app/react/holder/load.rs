//! Takes over where the holder before stood.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use tokio::{task::JoinSet, time::Instant};

use super::{Holder, commit::Pipeline, lag::Lag, requests::Requests, timers::Timers};
use crate::{
    Id, Reaction, Result,
    app::react::{
        Worker,
        lane::{Head, LANES, Lane},
        request, start,
        timer::PARKED,
        window::{MARKS, Window},
    },
    store::{Document, Lease, Store, ViewId},
};

/// How many documents are read at a time.
const PAGE: u64 = 1000;

impl<R: Reaction> Holder<R> {
    /// Reads all that was left, under a lease that nobody else has.
    pub(in crate::app::react) async fn load(worker: Arc<Worker<R>>, lease: Lease) -> Result<Self> {
        let store = Arc::clone(&worker.store);
        let view = worker.view.clone();
        start::note::<R>(&*store, &view, &lease).await?;
        let checkpoint = store.checkpoint(&view).await?;
        let mut marked = HashSet::new();
        each(&*store, &view, MARKS, |mark| {
            let id = mark.key.strip_prefix(MARKS).and_then(|id| id.parse().ok());
            marked.extend(id.map(Id));
            Ok(())
        })
        .await?;
        let (mut lanes, mut waiting) = (HashMap::new(), Vec::new());
        let (mut due, mut parked) = (BTreeSet::new(), HashSet::new());
        each(&*store, &view, LANES, |document| {
            let (stream, lane) = Lane::read(&view, document)?;
            match &lane.head {
                Some(Head { due: Some(at), .. }) => _ = due.insert((*at, stream.clone())),
                Some(_) => _ = parked.insert(stream.clone()),
                None => waiting.push(stream.clone()),
            }
            lanes.insert(stream, lane);
            Ok(())
        })
        .await?;
        let mut parked_timers = 0;
        each(&*store, &view, PARKED, |_| {
            parked_timers += 1;
            Ok(())
        })
        .await?;
        let mut holder = Self {
            requests_view: request::view(R::NAME),
            lease,
            renewing: None,
            renewed: Instant::now(),
            watch: store.watch(),
            looking: None,
            looked: Instant::now(),
            feed: None,
            page: VecDeque::new(),
            window: Window::new(checkpoint, marked),
            busy: HashMap::new(),
            lanes,
            idle: HashSet::new(),
            due,
            timers: Timers::load(&*store, &view).await?,
            parked,
            parked_timers,
            ready: VecDeque::new(),
            jobs: JoinSet::new(),
            changes: BTreeMap::new(),
            commit: Pipeline::new(checkpoint),
            requests: Requests::default(),
            lag: Lag::default(),
            failures: 0,
            patience: None,
            stopping: false,
            store,
            worker,
        };
        for stream in waiting {
            holder.go_on(stream);
        }
        Ok(holder)
    }
}

/// Reads all documents whose key starts with a prefix.
pub(in crate::app::react) async fn each(
    store: &dyn Store,
    view: &ViewId,
    prefix: &str,
    mut take: impl FnMut(&Document) -> Result<()> + Send,
) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = store.documents(view, prefix, after.as_deref(), PAGE).await?;
        page.iter().try_for_each(&mut take)?;
        match page.into_iter().last() {
            Some(last) => after = Some(last.key),
            None => return Ok(()),
        }
    }
}
