//! Waits until all who follow the log are past the events that shall be removed.

use std::{collections::HashSet, time::Duration};

use tokio::time::Instant;

use crate::{
    App, Error, Id, ProjectionState, ReactionState, Result, StreamId,
    app::{health, react, runner},
    store::ViewId,
};

/// How long to wait between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Who has not seen an event yet.
struct Behind {
    view: String,
    seen: Id,
}

/// Waits until every projection and reaction has seen the log up to an id.
pub(super) async fn passed(app: &App, stream: &StreamId, last: Id, within: Duration) -> Result<()> {
    let end = Instant::now().checked_add(within);
    loop {
        let Some(Behind { view, seen }) = behind(app, last).await? else { return Ok(()) };
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(Error::Lagging { stream: stream.clone(), view, seen, last });
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn behind(app: &App, last: Id) -> Result<Option<Behind>> {
    let health = health::health(app).await?;
    for one in &health.projections {
        let view = || format!("{} (version {})", one.name, one.version);
        if let ProjectionState::Stopped { error, .. } = &one.state {
            let source = std::sync::Arc::clone(error);
            return Err(Error::ProjectionStopped { view: view(), at: one.seen, source });
        }
        if one.seen < last {
            return Ok(Some(Behind { view: view(), seen: one.seen }));
        }
    }
    for one in &health.reactions {
        if let ReactionState::Stopped { error, .. } = &one.state {
            let source = std::sync::Arc::clone(error);
            return Err(Error::ReactionStopped { reaction: one.name, at: one.seen, source });
        }
        if one.seen < last {
            let view = format!("the reaction {}", one.name);
            return Ok(Some(Behind { view, seen: one.seen }));
        }
    }
    foreign(app, last).await
}

/// Whoever follows the same log in other apps, or did so in older versions.
///
/// What is stored may lag behind what was seen, while nothing concerns the follower: so much is
/// granted. Registers are not checkpoints, and those of reactions move as the above.
async fn foreign(app: &App, last: Id) -> Result<Option<Behind>> {
    let own: HashSet<ViewId> = app
        .0
        .runners
        .values()
        .flat_map(|runner| runner.parts.iter().map(|part| part.view.clone()))
        .chain(app.0.tables.values().map(|runner| runner.view.clone()))
        .collect();
    let views = app.0.store.views().await?;
    let behind = views.into_iter().find(|(view, seen)| {
        view.version > 0
            && !view.name.starts_with(react::VIEWS)
            && !own.contains(view)
            && seen.0.saturating_add(runner::FOREIGN) < last.0
    });
    Ok(behind.map(|(view, seen)| Behind { view: view.to_string(), seen }))
}
