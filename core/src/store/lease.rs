//! Leases: who does a piece of work, until when, and the token that fences off whoever did before.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Result, store::BoxFuture};

/// The right to do a piece of work for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The piece of work.
    pub name: String,
    /// Who holds it.
    pub holder: String,
    /// Larger for every new holder; a write with a lower one than the current is refused.
    pub token: u64,
    /// Until when, by the clock that `acquire` and `renew` were given.
    pub until: Timestamp,
}

/// Gives and takes leases; the caller's clock counts, so that tests can drive it.
pub trait Leases: Send + Sync + 'static {
    /// Takes the lease if it is free, has run out, or is the holder's own; `None` when another
    /// holds it. A change of holder raises the token.
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>>>;

    /// Prolongs a lease.
    ///
    /// # Errors
    ///
    /// [`Error::Fenced`](crate::Error::Fenced) when another has taken it since.
    fn renew<'a>(
        &'a self,
        lease: &'a Lease,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Lease>>;

    /// Gives a lease back; one that another has taken since is left alone.
    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<()>>;

    /// Lists the leases that are held: those that run out after `now`, by name, byte for byte.
    fn leases(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<Lease>>>;
}
