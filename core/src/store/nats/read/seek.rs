//! Finds the place of a version: the server knows sequences only, and both increase together.

use crate::{
    Result, StreamId,
    store::nats::{
        heads::Head,
        message,
        read::{READ, Range},
    },
};

/// So many events are rather read than searched.
const NEAR: u64 = 256;

impl Range {
    /// A sequence at or before that of a version, and near it.
    pub(super) async fn seek(&self, stream: &StreamId, version: u64) -> Result<u64> {
        if let Some(Head { sequence, version: known }) = self.shared.heads.get(stream)
            && known < version
        {
            return Ok(sequence + 1);
        }
        let (mut low, mut below) = (self.next, 0);
        let mut high = self.last;
        while version.saturating_sub(below) > NEAR && high > low {
            let middle = low + (high - low) / 2;
            let Some(found) = self.shared.log.next(READ, &self.subject, middle).await? else {
                break;
            };
            let at = message::version(READ, found.sequence, &found.headers)?;
            if at < version {
                (low, below) = (found.sequence + 1, at);
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
