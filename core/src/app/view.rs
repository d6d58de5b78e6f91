//! Reads the document of a projection.

use std::{future::IntoFuture, marker::PhantomData};

use crate::{
    App, Error, Id, Projection, Result,
    app::{health::ProjectionState, runner::Runner},
    store::BoxFuture,
};

/// Reads a document; made by [`App::view`], runs when awaited.
#[must_use = "nothing is read before it is awaited"]
pub struct View<'a, P> {
    app: &'a App,
    after: Id,
    document: PhantomData<fn() -> P>,
}

impl<'a, P: Projection> View<'a, P> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, after: Id(0), document: PhantomData }
    }

    /// Waits until the projection has seen this id: read your own write with
    /// [`Done::id`](crate::Done).
    ///
    /// # Errors
    ///
    /// [`Error::ProjectionStopped`] when the projection stopped before it saw the id.
    pub fn after(mut self, id: Id) -> Self {
        self.after = self.after.max(id);
        self
    }

    async fn run(self) -> Result<P> {
        let runner = self.app.runner::<P>()?;
        seen(runner, self.after).await?;
        let (_, document) = self.app.0.store.document(&runner.view, "").await?;
        match document {
            None => Ok(P::default()),
            Some(json) => json
                .decode()
                .map_err(|source| Error::Document { view: runner.view.to_string(), source }),
        }
    }
}

/// Waits until a projection has seen an id.
async fn seen(runner: &Runner, id: Id) -> Result<()> {
    let mut status = runner.status.clone();
    let reached = status
        .wait_for(|status| {
            status.seen >= id || matches!(status.state, ProjectionState::Stopped { .. })
        })
        .await
        .map_err(|_| Error::Closed { what: "the app" })?;
    match &reached.state {
        ProjectionState::Stopped { error, .. } if reached.seen < id => {
            Err(Error::ProjectionStopped {
                view: runner.view.to_string(),
                at: reached.seen,
                source: std::sync::Arc::clone(error),
            })
        }
        _ => Ok(()),
    }
}

impl<'a, P: Projection> IntoFuture for View<'a, P> {
    type Output = Result<P>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<P> std::fmt::Debug for View<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("after", &self.after).finish_non_exhaustive()
    }
}
