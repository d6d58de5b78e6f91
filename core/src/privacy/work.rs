//! What the app does with personal values; `off.rs` stands in for it without the feature.

use std::collections::BTreeSet;

use super::{mode, opener, ring::Ring, scan, vault::Vault};
use crate::{App, Committed, PersonalError, Projection, Result};

/// The vault of an app, if it has one.
pub(crate) type Seals = Option<Vault>;

/// Keys that are lent to handlers of a projection, if it opens values.
pub(crate) struct Lent(Option<Ring>);

/// Writes what has refused to be written without keys.
///
/// It is written twice: once to see whose values it holds, once to seal them.
pub(crate) async fn sealing<T>(vault: &Seals, mut write: impl FnMut() -> Result<T>) -> Result<T> {
    let Some(vault) = vault else { return Err(PersonalError::NoVault.into()) };
    // What is wrong with it besides shows the second time.
    let subjects = mode::collect(&mut write);
    let ring = vault.ring_to_seal(subjects).await?;
    mode::seal(ring, write)
}

/// Fetches what a projection needs to open the values of some events.
pub(crate) async fn ring<P: Projection>(vault: &Seals, events: &[Committed]) -> Result<Lent> {
    if !P::PERSONAL {
        return Ok(Lent(None));
    }
    let Some(vault) = vault else { return Err(PersonalError::NoVault.into()) };
    let mut subjects = BTreeSet::new();
    for event in events {
        if P::HANDLERS.iter().any(|handler| *handler.event.name == *event.name) {
            scan::subjects(&event.data, &mut subjects);
        }
    }
    Ok(Lent(Some(vault.ring(subjects).await?)))
}

/// Checks that there is a vault.
pub(crate) fn check(vault: &Seals) -> Result<()> {
    if vault.is_some() { Ok(()) } else { Err(PersonalError::NoVault.into()) }
}

/// Lends keys to the handlers of a projection.
pub(crate) fn lend<T>(lent: &Lent, work: impl FnOnce() -> T) -> T {
    match &lent.0 {
        None => work(),
        Some(ring) => opener::lend(Some(ring.clone()), work),
    }
}

/// Completes what was forgotten and not told before the process ended.
pub(crate) async fn finish(app: &App) -> Result<()> {
    let Some(vault) = app.seals() else { return Ok(()) };
    loop {
        let untold = vault.untold().await?;
        if untold.is_empty() {
            return Ok(());
        }
        for erased in untold {
            app.tell_forgotten(vault, &erased).await?;
        }
    }
}
