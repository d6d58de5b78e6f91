//! The heights in a panel: panels side by side share them.

/// The heights of the head, of the three lanes and of what is between them.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::diagram) struct Lanes {
    pub(super) head: i32,
    pub(super) above: i32,
    pub(super) leap_above: i32,
    pub(super) events: i32,
    pub(super) leap_below: i32,
    pub(super) below: i32,
}

impl Lanes {
    /// Lanes with room for both.
    pub(in crate::diagram) fn and(self, other: Self) -> Self {
        Self {
            head: self.head.max(other.head),
            above: self.above.max(other.above),
            leap_above: self.leap_above.max(other.leap_above),
            events: self.events.max(other.events),
            leap_below: self.leap_below.max(other.leap_below),
            below: self.below.max(other.below),
        }
    }

    /// Where the events begin.
    pub(super) const fn middle(self) -> i32 {
        self.head + self.above + self.leap_above
    }

    /// Where begins what takes them.
    pub(super) const fn foot(self) -> i32 {
        self.middle() + self.events + self.leap_below
    }
}
