//! Catches up with a large part of the log in ranges that are folded beside each other.
//!
//! Only this worker merges and stores, in the order of the log, with the checkpoint behind the last
//! range that was merged: so a build that is cut off goes on from there.

use std::time::{Duration, Instant};

use super::{Follower, is_final, stale};
use crate::{
    Id, Projection, Result,
    app::runner::{
        fold::Folded,
        ranges::{Range, Ranges},
        right::Hold,
        status::Pace,
    },
};

/// How many ranges the log must be ahead for them to be worth it.
const WORTH: u64 = 4;

/// How long is waited at least between two looks at the lease.
const SHORTEST: Duration = Duration::from_millis(5);

impl<P: Projection> Follower<P> {
    /// Folds up to `head` in ranges, if the log is that far ahead and the fold allows it.
    ///
    /// Where a range cannot be folded or merged, all is folded event by event: only in the order of
    /// the log does a handler see the state that it counts on, and only there a failure counts.
    pub(super) async fn catch_up_in_ranges(
        &mut self,
        folded: &mut Folded<P>,
        head: Id,
    ) -> Result<()> {
        let ahead = head.0.saturating_sub(folded.seen.0);
        let Some(merge) = P::MERGE else { return Ok(()) };
        if self.in_order || ahead < self.range.saturating_mul(WORTH) {
            return Ok(());
        }
        match self.merge_ranges(folded, head, merge).await {
            Err(error) if is_final(&error) => {
                let view = &self.fold.view;
                tracing::warn!(%view, %error, "cannot fold in ranges, folds event by event");
                self.in_order = true;
                Err(stale(view, folded.stored))
            }
            done => done,
        }
    }

    async fn merge_ranges(
        &mut self,
        folded: &mut Folded<P>,
        head: Id,
        merge: fn(&mut P, P),
    ) -> Result<()> {
        let pace = Pace::from(folded.seen);
        let slice = self.slice();
        let mut until = Instant::now() + slice;
        let mut ranges = Ranges::new(self.fold.clone(), folded.seen, head, self.range);
        while let Some(range) = self.next_range(&mut ranges, folded.stored).await? {
            if let Some(oldest) = range.oldest {
                self.lags(head, folded.seen.next(), oldest);
            }
            self.fold.merge(folded, range.folded, merge).await?;
            if Instant::now() >= until || folded.documents.is_full() {
                self.commit(folded).await?;
                self.shows(folded.seen, pace.rate(folded.seen));
                until = Instant::now() + slice;
            }
        }
        self.shows(folded.stored, pace.rate(head));
        Ok(())
    }

    /// Waits for the next range; a lease must not run out over one that takes long.
    async fn next_range(&mut self, ranges: &mut Ranges<P>, stored: Id) -> Result<Option<Range<P>>> {
        let pause = self.slice().max(SHORTEST);
        loop {
            match tokio::time::timeout(pause, ranges.next()).await {
                Ok(range) => return range.transpose(),
                Err(_) if self.right.hold().await? == Hold::Kept => {}
                Err(_) => return Err(stale(&self.fold.view, stored)),
            }
        }
    }
}
