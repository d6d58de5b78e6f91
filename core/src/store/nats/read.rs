//! Reads: pages of a subject's messages, up to where the log ended when the read began.
//!
//! The server finds streams and aggregates; all other conditions are checked here.

use std::sync::Arc;

use futures_util::stream;

use crate::{
    Committed, Result, StreamId,
    store::{
        Direction, Pages, Query,
        nats::{
            failure, message,
            page::{Found, Wanted, page},
            shared::Shared,
        },
    },
};

mod back;
mod seek;

const READ: &str = "read the log";
/// How many messages are asked for at once, and how many bytes.
const PAGE: usize = 512;
const BYTES: usize = 4 << 20;

/// Reads what a query asks for.
pub(super) fn read(shared: &Arc<Shared>, query: Query) -> Pages {
    let begin = Step::Begin(Arc::clone(shared), query);
    Box::pin(stream::try_unfold(begin, |step| async move {
        let mut step = match step {
            Step::Begin(shared, query) => begin_read(shared, query).await?,
            step => step,
        };
        let page = match &mut step {
            Step::Forward(range) => range.page().await?,
            Step::Backward(reader) => reader.page().await?,
            Step::Begin(..) | Step::Nothing => Vec::new(),
        };
        Ok((!page.is_empty()).then_some((page, step)))
    }))
}

enum Step {
    Begin(Arc<Shared>, Query),
    Forward(Range),
    Backward(back::Reader),
    Nothing,
}

/// What is left to be read, by increasing sequence.
struct Range {
    shared: Arc<Shared>,
    query: Query,
    subject: String,
    /// From here on.
    next: u64,
    /// Up to here.
    to: u64,
    /// The last message of the subject: there is something up to here, whatever a replica says.
    last: u64,
    /// How many events more are wanted.
    left: u64,
}

/// Finds the end of the log, and where in it to begin.
async fn begin_read(shared: Arc<Shared>, query: Query) -> Result<Step> {
    let Some(subject) = subject(&shared, &query) else { return Ok(Step::Nothing) };
    let left = query.limit.unwrap_or(u64::MAX);
    let Some(last) = shared.log.last_whole(READ, &subject).await? else { return Ok(Step::Nothing) };
    let from = query.from_id.map_or(1, |from| from.0.max(1));
    let to = query.to_id.map_or(last.sequence, |to| to.0.min(last.sequence));
    if from > to || left == 0 {
        return Ok(Step::Nothing);
    }
    let end = last.sequence;
    let mut range = Range { shared, query, subject, next: from, to, last: end, left };
    if range.query.direction == Direction::Backward {
        return Ok(Step::Backward(back::Reader::new(range, last)));
    }
    if let (Some(stream), Some(from)) = (range.query.stream.clone(), range.query.from_version) {
        let version = message::version(READ, last.sequence, &last.headers)?;
        if from.0 > version {
            return Ok(Step::Nothing);
        }
        range.next = range.next.max(range.seek(&stream, from.0).await?);
    }
    Ok(if range.next > range.to { Step::Nothing } else { Step::Forward(range) })
}

/// The narrowest subject that has all that is asked for; `None` where nothing can.
fn subject(shared: &Shared, query: &Query) -> Option<String> {
    let category = |stream: &StreamId| {
        query.categories.is_empty() || query.categories.iter().any(|name| name == stream.category())
    };
    match (&query.stream, query.categories.as_slice()) {
        (Some(stream), _) => category(stream).then(|| shared.names.stream(stream)),
        (None, [category]) => Some(shared.names.category(category)),
        (None, _) => Some(shared.names.events()),
    }
}

impl Range {
    /// The next events that are wanted; none at the end.
    async fn page(&mut self) -> Result<Vec<Committed>> {
        while self.next <= self.to && self.left > 0 {
            let found = self.fetch(self.most()).await?;
            let mut events = Vec::with_capacity(found.len());
            for one in found {
                let event = self.event(one)?;
                if self.is_past(&event) {
                    self.next = u64::MAX;
                    break;
                }
                if self.query.takes(&event) {
                    events.push(event);
                }
            }
            events.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= events.len() as u64;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        Ok(Vec::new())
    }

    fn event(&self, found: Found) -> Result<Committed> {
        let Found { subject, sequence, headers, payload } = found;
        message::committed(&self.shared.names, &subject, sequence, &headers, payload)
    }

    /// Whether no later event of the stream can be wanted.
    fn is_past(&self, event: &Committed) -> bool {
        self.query.stream.is_some() && self.query.to_version.is_some_and(|to| event.version > to)
    }

    /// How many messages to ask for: no more than are wanted, where each one is.
    fn most(&self) -> usize {
        let Query { names, correlation, from_time, to_time, categories, .. } = &self.query;
        let each = names.is_empty()
            && correlation.is_none()
            && from_time.is_none()
            && to_time.is_none()
            && categories.len() < 2
            && self.query.from_version.is_none();
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        if each { left.min(PAGE) } else { PAGE }
    }

    /// The next messages of the range, at least one unless it has no more.
    async fn fetch(&mut self, most: usize) -> Result<Vec<Found>> {
        let mut patience = self.shared.log.patience();
        let max_bytes = BYTES.max(2 * self.shared.log.client.max_payload());
        loop {
            let wanted = Wanted { subject: &self.subject, from: self.next, most, max_bytes };
            let mut page = page(&self.shared.log, &wanted).await;
            let Some(reached) = page.found.last().map(|last| last.sequence) else {
                // There is something: this replica does not have it yet.
                if patience.more().await {
                    continue;
                }
                let why = format!("no replica has shown what is stored from {} on", self.next);
                return Err(failure::to(READ, page.broken.unwrap_or_else(|| why.into())));
            };
            page.found.retain(|found| found.sequence <= self.to);
            self.next = if reached >= self.last { u64::MAX } else { reached.saturating_add(1) };
            return Ok(page.found);
        }
    }
}
