//! What is noted while the inspector runs: how far behind the projections were, and what came of
//! verifying them.

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use tokio::{runtime::Handle, task::JoinSet};

use crate::{
    App, Verification,
    app::message,
    inspector::{fault, shared::Shared},
};

/// How often the lag is noted.
const EVERY: Duration = Duration::from_secs(2);

/// How many samples are kept of each projection: ten minutes.
const KEPT: usize = 300;

/// How far behind a projection was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    pub(super) lag: u64,
}

/// A projection that is or was verified.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) since: Instant,
    /// None while it is under way.
    pub(super) outcome: Option<Outcome>,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Found(Box<Verification>),
    Failed(String),
}

/// Samples and checks; the tasks that make them end with it.
#[derive(Default)]
pub(in crate::inspector) struct Watched {
    samples: Mutex<HashMap<&'static str, VecDeque<Sample>>>,
    checks: Mutex<HashMap<String, Check>>,
    tasks: Mutex<JoinSet<()>>,
    has_begun: std::sync::OnceLock<()>,
}

impl Watched {
    pub(super) fn samples(&self, projection: &str) -> Vec<Sample> {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.get(projection).map(|kept| kept.iter().copied().collect()).unwrap_or_default()
    }

    pub(super) fn check(&self, projection: &str) -> Option<Check> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).get(projection).cloned()
    }

    pub(super) fn is_checking(&self) -> bool {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.values().any(|check| check.outcome.is_none())
    }

    fn note(&self, projection: &'static str, sample: Sample) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = samples.entry(projection).or_default();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(sample);
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended are let go of.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

/// Begins to note the lag, once, as soon as there is a runtime.
pub(in crate::inspector) fn watch(shared: &Arc<Shared>) {
    if Handle::try_current().is_err() || !shared.source.is_typed() {
        return;
    }
    let watched = &shared.watched;
    watched.has_begun.get_or_init(|| watched.spawn(sample(Arc::downgrade(shared))));
}

async fn sample(shared: Weak<Shared>) {
    loop {
        {
            let Some(shared) = shared.upgrade() else { return };
            let health = match shared.source.app().await {
                Ok(app) => app.health().await,
                Err(error) => Err(error),
            };
            let at = Instant::now();
            match health {
                Ok(health) => {
                    for one in health.projections {
                        shared.watched.note(one.name, Sample { at, lag: one.lag });
                    }
                }
                // The page says so itself; the plot has a gap.
                Err(error) => tracing::debug!(%error, "the lag cannot be noted"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Begins to verify a projection; not while another is being verified.
pub(super) fn begin_check(shared: &Arc<Shared>, app: App, projection: String) -> bool {
    let watched = &shared.watched;
    {
        let mut checks = watched.checks.lock().unwrap_or_else(PoisonError::into_inner);
        if checks.values().any(|check| check.outcome.is_none()) {
            return false;
        }
        let begun = Check { since: Instant::now(), outcome: None };
        checks.insert(projection.clone(), begun);
    }
    let shared = Arc::downgrade(shared);
    watched.spawn(async move {
        // Whatever happens it has an outcome: until then nothing else can be verified.
        let outcome = match AssertUnwindSafe(app.verify_by_name(&projection)).catch_unwind().await {
            Ok(Ok(found)) => Outcome::Found(Box::new(found)),
            Ok(Err(error)) => Outcome::Failed(fault::chain(&error)),
            Err(panic) => Outcome::Failed(format!("it panicked: {}", message(&*panic))),
        };
        let Some(shared) = shared.upgrade() else { return };
        let mut checks = shared.watched.checks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(check) = checks.get_mut(&projection) {
            check.outcome = Some(outcome);
        }
    });
    true
}
