//! The copy itself: look at everything, leave the mark, store, take the mark away.

use futures_util::StreamExt;

use crate::{
    Committed, Id, Result, Timestamp,
    app::REACTION_VIEWS,
    transfer::{
        Collision, Fault, Ids, Progress, Reactions, Report, Transfer,
        keys::Keys,
        mark::{self, Mark},
        plan::Plan,
        react,
        target::{self, Target},
    },
};

/// Looks at everything, and stores nothing.
pub(super) async fn survey(transfer: &Transfer<'_>) -> Result<Report> {
    let (mark, is_new) = begin(transfer).await?;
    let mut report = look(transfer, &mark, is_new).await?;
    react::tell(transfer, &mut report).await?;
    report.dry_run = true;
    Ok(report)
}

/// Copies; goes on where an earlier run was interrupted.
pub(super) async fn run(transfer: Transfer<'_>) -> Result<Report> {
    let (mark, is_new) = begin(&transfer).await?;
    let way = target::way(transfer.to, mark.ids).await?;
    let looked = look(&transfer, &mark, is_new).await?;
    if let Some(collision) = looked.collisions.into_iter().next() {
        return Err(Fault::Collision { collision }.into());
    }
    if is_new {
        mark.put(transfer.to).await?;
    }
    let changes_meta = mark.ids == Ids::Remap && transfer.source.has_ids()?;
    let mut target = Target::new(transfer.to, (way, mark.ids), mark.base, changes_meta).await?;
    let mut plan = Plan::new(&transfer, mark.base);
    let mut seen = Id(0);
    loop {
        let head = transfer.source.head().await?;
        if head.is_some_and(|head| head <= seen) {
            break;
        }
        seen = store(&transfer, (seen, head), &mut plan, &mut target).await?.max(seen);
        // A foreign log does not grow.
        if head.is_none() {
            break;
        }
        seen = seen.max(head.unwrap_or_default());
    }
    let last = target.end(&mut plan.report).await?;
    react::carry(&transfer, &mut plan, &target.moves, seen, last).await?;
    Mark::remove(transfer.to).await?;
    Ok(plan.report)
}

/// Finds the mark of an earlier run, or makes a new one after a look at both stores.
async fn begin(transfer: &Transfer<'_>) -> Result<(Mark, bool)> {
    let (ids, reactions) = (transfer.rules.ids, transfer.reactions);
    if let Some(from) = transfer.source.store() {
        mark::whole(from).await?;
        let held = from.leases(Timestamp::now()).await?;
        let working = held.into_iter().find(|lease| lease.name.starts_with(REACTION_VIEWS));
        if let Some(lease) = working.filter(|_| reactions == Reactions::Continue) {
            let what = format!("the {}", lease.name.replacen('/', " ", 1));
            return Err(Fault::InUse { what }.into());
        }
    }
    if let Some(mark) = Mark::read(transfer.to).await? {
        if (mark.ids, mark.reactions) != (ids, reactions) || mark.from != transfer.name {
            let was = format!("the ids {:?} and the reactions {:?}", mark.ids, mark.reactions);
            return Err(Fault::Other { from: mark.from, was }.into());
        }
        return Ok((mark, false));
    }
    let views = transfer.to.views().await?;
    let seen = views.iter().map(|(_, checkpoint)| *checkpoint).max().unwrap_or_default();
    // Behind all that anybody has seen, even if the log was cut short since.
    let base = transfer.to.head().await?.max(seen);
    if ids == Ids::Keep && base > Id(0) {
        return Err(Fault::NotEmpty.into());
    }
    react::fresh(transfer, &views).await?;
    Ok((Mark { from: transfer.name.clone(), base, ids, reactions }, true))
}

/// Takes every event as the copy will, to find what is in the way.
async fn look(transfer: &Transfer<'_>, mark: &Mark, is_new: bool) -> Result<Report> {
    let (mut plan, mut keys) = (Plan::new(transfer, mark.base), Keys::default());
    let head = transfer.source.head().await?;
    let mut pages = transfer.source.read(Id(0), head);
    let meets_keys = is_new && mark.base > Id(0);
    while let Some(page) = pages.next().await {
        let page = page?;
        tell(transfer, "checking", page.last(), head);
        if meets_keys {
            keys.look_up(&transfer.source, &page).await?;
        }
        for event in page {
            let old = event.id;
            if meets_keys
                && keys.enter(&event)
                && let Some(key) = keys.name()
            {
                // Of reactions' keys only those are alike that name an event which was copied.
                if transfer.to.keyed(key).await?.is_some() && super::reference::parts(key).is_none()
                {
                    plan.collide(Collision::Key { key: key.to_owned() });
                }
            }
            plan.take(event).await?;
            keys.leave(old, &crate::transfer::Moves::new(true), &mut Report::default());
        }
    }
    Ok(plan.report)
}

/// Stores the events behind an id; the last one's id.
async fn store(
    transfer: &Transfer<'_>,
    (after, head): (Id, Option<Id>),
    plan: &mut Plan<'_, '_>,
    target: &mut Target<'_>,
) -> Result<Id> {
    let (mut last, mut keys) = (after, Keys::default());
    let mut pages = transfer.source.read(after, head);
    while let Some(page) = pages.next().await {
        let page = page?;
        tell(transfer, "copying", page.last(), head);
        keys.look_up(&transfer.source, &page).await?;
        for event in page {
            last = event.id;
            keys.enter(&event);
            let drafts = plan.take(event).await?;
            plan.free()?;
            let is_dropped = drafts.is_empty();
            for draft in drafts {
                keys.going(&draft.event.stream);
                if let Some(event) = target.put(draft, &keys, &mut plan.report).await? {
                    keys.placed(last, &event);
                }
            }
            if let Some(key) = keys.leave(last, &target.moves, &mut plan.report) {
                target.key(key, is_dropped, &mut plan.report).await?;
            }
            target.store(&mut plan.report).await?;
        }
    }
    Ok(last)
}

fn tell(transfer: &Transfer<'_>, step: &'static str, last: Option<&Committed>, head: Option<Id>) {
    let at = last.map(|event| event.id.0).unwrap_or_default();
    (transfer.watch)(Progress { step, at, of: head.unwrap_or_default().0 });
}
