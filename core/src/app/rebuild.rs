//! Builds a projection anew, shows how far it is, and drops what it has replaced.

use std::time::Duration;

use crate::{
    App, Error, Id, Projection, Result,
    app::runner::{self, Runner},
};

/// How far a projection is.
///
/// It shows as a line of text, for a progress bar without a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Up to where it has seen the log.
    pub seen: Id,
    /// Where the log ends.
    pub head: Id,
    /// How many ids it goes through in a second, as last measured: at most so many events.
    /// `None` when it has not been measured, or another process does the work.
    pub rate: Option<f64>,
    /// How long it will take to catch up at this rate.
    pub eta: Option<Duration>,
    /// Whether it is this version that readers get; while it is being built beside an older one
    /// it is not. Of a SQL projection: whether its tables are there.
    pub serves: bool,
}

impl App {
    /// Tells how far a projection is, whichever process works on it.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Serialize, Deserialize)] struct Counted {}
    /// #[derive(Default, Serialize, Deserialize)]
    /// struct Count { times: u64 }
    /// #[projection]
    /// impl Count {
    ///     fn counted(&mut self, _: &Committed<Counted>) { self.times += 1 }
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(Memory::new()).project::<Count>().start().await?;
    /// let progress = app.progress::<Count>().await?;
    /// assert!(progress.serves);
    /// assert_eq!(progress.to_string(), "0 of 0");
    /// # Ok(()) }
    /// ```
    pub async fn progress<P: Projection>(&self) -> Result<Progress> {
        let runner = self.runner::<P>()?;
        let serves = runner.build.serves() || runner.build.look().await?;
        let mut seen = Id(u64::MAX);
        for part in &runner.parts {
            let stored = self.0.store.checkpoint(&part.view).await?;
            seen = seen.min(part.status.borrow().seen.max(stored));
        }
        let rate = runner.status().rate;
        Ok(Progress::of(seen, self.0.store.head().await?, rate, serves))
    }

    /// Forgets what a projection has and builds it anew from the first event.
    ///
    /// Until it has caught up, a view without `after` is answered with [`Error::Building`], in this
    /// process at once and in others as soon as they notice. A projection that has stopped starts
    /// again. To keep readers going, raise the version instead: the old one serves meanwhile.
    ///
    /// # Errors
    ///
    /// What the store answers; the projection then has what it had, or is being built anew.
    pub async fn reset<P: Projection>(&self) -> Result<()> {
        self.begin_anew(self.runner::<P>()?).await
    }

    pub(super) async fn begin_anew(&self, runner: &Runner) -> Result<()> {
        runner.build.begins_anew().await?;
        runner.changed();
        for part in &runner.parts {
            self.0.store.reset(&part.view).await?;
        }
        // A worker that read its documents in between must not count as having caught up.
        runner.build.begins_anew().await?;
        runner.changed();
        Ok(())
    }

    /// Drops the documents of the older versions of a projection; how many versions there were.
    ///
    /// Nothing drops them by itself, so that processes of the older version can go on, or be put
    /// back, for as long as wanted. Stop them first: one that comes back builds its version anew.
    ///
    /// # Errors
    ///
    /// [`Error::Building`] while this version has not caught up, [`Error::InUse`] when another
    /// process works on an older one.
    pub async fn retire<P: Projection>(&self) -> Result<usize> {
        let build = &self.runner::<P>()?.build;
        let store = &self.0.store;
        if !build.look().await? {
            let progress = self.progress::<P>().await?;
            let (view, seen, head) = (build.view(0).to_string(), progress.seen, progress.head);
            return Err(Error::Building { view, seen, head });
        }
        let mut count = 0;
        for old in build.replaced().await? {
            let mut leases = Vec::new();
            for view in old.views(P::NAME) {
                let (name, holder) = (runner::lease_name(&view), self.0.ids.id());
                let now = self.0.clock.now();
                let taken = store.acquire(&name, &holder, now, RETIRING).await?;
                leases.push(taken.ok_or_else(|| Error::InUse { view: view.to_string() })?);
            }
            for view in old.views(P::NAME) {
                store.reset(&view).await?;
            }
            build.forget(&old).await?;
            for lease in &leases {
                store.release(lease).await?;
            }
            count += 1;
        }
        Ok(count)
    }
}

/// How long dropping one version may take before another process may go on with it.
const RETIRING: Duration = Duration::from_secs(10);

impl Progress {
    pub(super) fn of(seen: Id, head: Id, rate: Option<f64>, serves: bool) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left = head.0.saturating_sub(seen.0) as f64;
        let eta = rate.and_then(|rate| Duration::try_from_secs_f64(left / rate).ok());
        Self { seen, head, rate, eta, serves }
    }

    /// How much of the log it has seen, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.seen >= self.head {
            return 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let share = self.seen.0 as f64 / self.head.0 as f64;
        share
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seen, head, rate, eta, serves } = self;
        write!(f, "{seen} of {head}")?;
        if let (Some(rate), Some(eta), false) = (rate, eta, seen >= head) {
            write!(f, ", {rate:.0} events/s, {:.1} s left", eta.as_secs_f64())?;
        }
        if *serves { Ok(()) } else { f.write_str(", being built") }
    }
}
