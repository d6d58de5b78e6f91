//! Waits for a SQL projection, and resets it.

use std::{future::IntoFuture, marker::PhantomData};

use super::Status;
use crate::{App, Id, Progress, Result, SqlProjection, store::BoxFuture};

/// How far a SQL projection is; made by [`App::projected`].
///
/// Awaited, it waits until the tables are there, and gives the id up to which they hold the log.
#[must_use = "nothing is waited for before it is awaited"]
pub struct Projected<'a, P> {
    app: &'a App,
    after: Id,
    projection: PhantomData<fn() -> P>,
}

impl<'a, P: SqlProjection> Projected<'a, P> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, after: Id(0), projection: PhantomData }
    }

    /// Waits until the tables hold what came up to this id: read your own write with
    /// [`Done::id`](crate::Done).
    ///
    /// # Errors
    ///
    /// [`Error::ProjectionStopped`](crate::Error::ProjectionStopped) when the projection stopped
    /// before it saw the id.
    pub fn after(mut self, id: Id) -> Self {
        self.after = self.after.max(id);
        self
    }

    /// Tells how far the tables are, and how fast they get on.
    ///
    /// ```
    /// # async fn example<P: actum::SqlProjection>(app: &actum::App) -> actum::Result<()> {
    /// let progress = app.projected::<P>().progress().await?;
    /// println!("{progress}"); // 400000 of 1000000, 80000 events/s, 7.5 s left
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What the store answers.
    pub async fn progress(self) -> Result<Progress> {
        let Status { seen, rate, .. } = self.app.sql_runner::<P>()?.status.borrow().clone();
        let head = self.app.store().head().await?;
        Ok(Progress::of(seen.unwrap_or_default(), head, rate, seen.is_some()))
    }

    /// Empties the tables with `fn reset`, and writes them anew from the first event.
    ///
    /// One that had stopped runs again. Other processes that run the projection go on from there.
    ///
    /// # Errors
    ///
    /// [`Error::Tables`](crate::Error::Tables) when there is no `fn reset`, or it fails; nothing is
    /// changed then.
    pub async fn reset(self) -> Result<()> {
        self.app.sql_runner::<P>()?.reset().await
    }
}

impl<'a, P: SqlProjection> IntoFuture for Projected<'a, P> {
    type Output = Result<Id>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.app.sql_runner::<P>()?.seen(self.after).await })
    }
}

impl<P> std::fmt::Debug for Projected<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projected").field("after", &self.after).finish_non_exhaustive()
    }
}
