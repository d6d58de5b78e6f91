//! Reads by decreasing sequence. The server reads forward only: so windows of the log are read,
//! from its end to its start, each turned round.

use async_nats::jetstream::message::StreamMessage;

use crate::{
    Committed, Result,
    store::nats::{
        page::Found,
        read::{PAGE, Range},
    },
};

/// How many sequences the first window has.
const FIRST: u64 = 256;
/// How much of a window is held before a smaller one is tried.
const MOST: usize = 2_048;
const BYTES: usize = 16 << 20;

/// What is left to be read, by decreasing sequence.
pub(super) struct Reader {
    /// Up to where, and what for.
    range: Range,
    /// From where on.
    from: u64,
    /// How many sequences the next window has.
    width: u64,
    /// The last message of all, which is known from the start.
    last: Option<StreamMessage>,
}

impl Reader {
    pub(super) fn new(range: Range, last: StreamMessage) -> Self {
        Self { from: range.next, range, width: FIRST, last: Some(last) }
    }

    /// The next events that are wanted; none at the end.
    pub(super) async fn page(&mut self) -> Result<Vec<Committed>> {
        if let Some(last) = self.last.take().filter(|last| last.sequence == self.range.to) {
            let StreamMessage { subject, sequence, headers, payload, .. } = last;
            self.range.to = sequence.saturating_sub(1);
            let subject = subject.into_string();
            let last = self.range.event(Found { subject, sequence, headers, payload })?;
            if self.range.query.takes(&last) {
                self.range.left -= 1;
                return Ok(vec![last]);
            }
        }
        while self.from <= self.range.to && self.range.left > 0 {
            let start = self.range.to.saturating_sub(self.width - 1).max(self.from);
            let Some(window) = self.window(start).await? else {
                self.width = (self.width / 4).max(1);
                continue;
            };
            if window.len() < MOST / 8 {
                self.width = self.width.saturating_mul(4);
            }
            self.range.to = start.saturating_sub(1);
            let mut events = Vec::with_capacity(window.len());
            for found in window.into_iter().rev() {
                let event = self.range.event(found)?;
                if self.range.query.takes(&event) {
                    events.push(event);
                }
            }
            events.truncate(usize::try_from(self.range.left).unwrap_or(usize::MAX));
            self.range.left -= events.len() as u64;
            if !events.is_empty() {
                return Ok(events);
            }
        }
        Ok(Vec::new())
    }

    /// What is between a sequence and the end of the range; `None` where that is too much.
    async fn window(&mut self, start: u64) -> Result<Option<Vec<Found>>> {
        let (mut window, mut bytes) = (Vec::new(), 0);
        self.range.next = start;
        while self.range.next <= self.range.to {
            // One more than there can be: it shows that the window is at its end.
            let most = usize::try_from(self.range.to - self.range.next).unwrap_or(PAGE);
            let found = self.range.fetch(most.saturating_add(2).min(PAGE)).await?;
            bytes += found.iter().map(|found| found.payload.len()).sum::<usize>();
            window.extend(found);
            let is_much = window.len() > MOST || bytes > BYTES;
            if is_much && self.range.to > start {
                return Ok(None);
            }
        }
        Ok(Some(window))
    }
}
