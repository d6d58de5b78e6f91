//! What stands for `measure.rs` where the feature `metrics` is not switched on: nothing.

pub(crate) fn describe() {}

pub(crate) struct Timer;

impl Timer {
    pub(crate) fn start() -> Self {
        Self
    }

    pub(crate) fn appended(self, _: &'static str) {
        let Self = self;
    }
}

pub(crate) fn acted(_: &'static str, _: &'static str, _: &'static str) {}

pub(crate) fn conflict(_: &'static str, _: &'static str) {}

pub(crate) fn retry(_: &'static str, _: &'static str) {}

#[allow(dead_code, reason = "the memory store commits each request alone")]
pub(crate) fn group(_: &'static str, _: usize) {}

pub(crate) fn lag(_: &'static str, _: &'static str, _: u64, _: f64) {}

pub(crate) fn reacted(_: &'static str, _: &'static str) {}

pub(crate) fn parked(_: &'static str, _: usize) {}

pub(crate) fn timers(_: &'static str, _: u64) {}
