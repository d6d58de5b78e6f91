//! What reactions remember: it goes along with the new ids, or is left behind, and told.

use crate::{
    Error, Id, Result,
    app::{REACTION_VIEWS, Shift, reaction_view},
    store::{Document, Store, ViewCommit, ViewId},
    transfer::{
        Fault, MovedReaction, Moves, Reactions, Report, Transfer, mark,
        plan::{Plan, renamed},
    },
};

/// How many documents are read and stored at a time.
const PAGE: u64 = 1000;

/// Refuses a target in which a reaction has begun that is to go on from the source.
pub(super) async fn fresh(transfer: &Transfer<'_>, there: &[(ViewId, Id)]) -> Result<()> {
    let mut wanted: Vec<_> = transfer.seen_by.clone();
    if transfer.reactions == Reactions::Continue
        && let Some(from) = transfer.source.store()
    {
        wanted.extend(from.views().await?.into_iter().filter_map(|(view, _)| name(&view)));
    }
    let begun = wanted.into_iter().find(|name| {
        let view = reaction_view(name);
        there.iter().any(|(one, checkpoint)| *one == view && *checkpoint > Id(0))
    });
    match begun {
        None => Ok(()),
        Some(reaction) => Err(Fault::Begun { reaction }.into()),
    }
}

/// Tells what the source has besides events.
pub(super) async fn tell(transfer: &Transfer<'_>, report: &mut Report) -> Result<()> {
    let Some(from) = transfer.source.store() else { return Ok(()) };
    for (view, checkpoint) in from.views().await? {
        if mark::is(&view) || view.name.ends_with("/requests") && name(&view).is_some() {
            continue;
        }
        match name(&view) {
            Some(name) => {
                report.reactions.push(MovedReaction {
                    name,
                    from: checkpoint,
                    ..Default::default()
                });
            }
            // What has version 0 are notes of the runtime, not documents.
            None if view.version == 0 => {}
            None => report.projections_anew.push(view.to_string()),
        }
    }
    let mut after = None;
    loop {
        let page = from.snapshots(after.as_ref(), PAGE).await?;
        report.snapshots_anew += page.len() as u64;
        match page.into_iter().last() {
            Some(last) => after = Some(last.stream),
            None => return Ok(()),
        }
    }
}

/// Carries over what the reactions remember, up to the last event that was copied.
pub(super) async fn carry(
    transfer: &Transfer<'_>,
    plan: &mut Plan<'_, '_>,
    moves: &Moves,
    seen: Id,
    last: Id,
) -> Result<()> {
    let mut report = std::mem::take(&mut plan.report);
    tell(transfer, &mut report).await?;
    if let Some(from) = transfer.source.store()
        && transfer.reactions == Reactions::Continue
    {
        let rename = |stream: &_| renamed(transfer, stream);
        let merged = |stream: &_| plan.is_merged(stream);
        for moved in &mut report.reactions {
            if moved.from > seen {
                return Err(Fault::InUse { what: format!("the reaction {}", moved.name) }.into());
            }
            let shift = Shift {
                reaction: &moved.name,
                moves,
                versions: &plan.versions,
                rename: &rename,
                merged: &merged,
            };
            let to = moves.up_to(moved.from);
            (moved.timers, moved.lanes) = carry_one(from, transfer.to, &shift, to).await?;
            moved.to = to;
        }
    }
    for name in &transfer.seen_by {
        let view = reaction_view(name);
        let at = transfer.to.checkpoint(&view).await?;
        if at < last {
            let documents = Vec::new();
            transfer
                .to
                .commit(ViewCommit { view, from: at, to: last, documents, lease: None })
                .await?;
        }
    }
    plan.report = report;
    Ok(())
}

/// Carries over one reaction and the requests to it; how many timers and lanes it has.
async fn carry_one(
    source: &dyn Store,
    target: &dyn Store,
    shift: &Shift<'_>,
    to: Id,
) -> Result<(u64, u64)> {
    let (mut timers, mut lanes) = (0, 0);
    let view = reaction_view(shift.reaction);
    let requests = reaction_view(&format!("{}/requests", shift.reaction));
    for (view, to) in [(requests, Id(0)), (view, to)] {
        // What a run left that was interrupted here.
        target.reset(&view).await?;
        let mut after: Option<String> = None;
        loop {
            let page = source.documents(&view, "", after.as_deref(), PAGE).await?;
            let mut documents: Vec<Document> = Vec::new();
            for document in &page {
                documents.extend(shift.document(&view, document)?);
                match document.key.get(..2) {
                    Some("t/" | "p/") => timers += 1,
                    Some("s/") => lanes += 1,
                    _ => {}
                }
            }
            let Some(last) = page.into_iter().last() else { break };
            after = Some(last.key);
            let (view, at) = (view.clone(), Id(0));
            target.commit(ViewCommit { view, from: at, to: at, documents, lease: None }).await?;
        }
        if to > Id(0) {
            let documents = Vec::new();
            let commit = ViewCommit { view, from: Id(0), to, documents, lease: None };
            target.commit(commit).await?;
        }
    }
    Ok((timers, lanes))
}

/// The reaction whose view it is.
fn name(view: &ViewId) -> Option<String> {
    Some(view.name.strip_prefix(REACTION_VIEWS)?.to_owned()).filter(|_| view.version == 0)
}

/// What a reaction remembers in a form that this copy does not know.
pub(crate) fn unknown(view: &ViewId, key: &str) -> Error {
    tracing::error!(%view, key, "a reaction remembers what a copy does not know");
    Error::Unsupported { what: "carry over what a newer actum has stored for a reaction" }
}
