//! What stands in for personal values in a program without them.

use crate::{App, Committed, Projection, Result};

/// No vault.
pub(crate) type Seals = ();

/// No keys.
pub(crate) type Lent = ();

pub(crate) const fn is_wanted() -> bool {
    false
}

pub(crate) fn pretend<T>(write: impl FnOnce() -> T) -> T {
    write()
}

#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "the test kit works with it"))]
pub(crate) fn pretended<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[expect(clippy::unused_async, reason = "with the feature, keys are fetched here")]
pub(crate) async fn sealing<T>((): &Seals, mut write: impl FnMut() -> Result<T>) -> Result<T> {
    write()
}

#[expect(clippy::unused_async, reason = "with the feature, keys are fetched here")]
pub(crate) async fn ring<P: Projection>((): &Seals, _: &[Committed]) -> Result<Lent> {
    Ok(())
}

pub(crate) fn lend<T>((): &Lent, work: impl FnOnce() -> T) -> T {
    work()
}

pub(crate) fn check((): &Seals) -> Result<()> {
    Ok(())
}

#[expect(clippy::unused_async, reason = "with the feature, tombstones are appended here")]
pub(crate) async fn finish(_: &App) -> Result<()> {
    Ok(())
}
