//! Randomness that can be repeated: `ACTUM_SEED` sets the seed, a failure tells it.

use fastrand::Rng;

use super::{Failure, Outcome};

/// The variable that sets the seed.
const VARIABLE: &str = "ACTUM_SEED";

/// Runs a rule with a random source, and tells the seed if it fails.
pub(in crate::testing) async fn seeded<T>(rule: impl AsyncFnOnce(Rng) -> Outcome<T>) -> Outcome<T> {
    let seed = seed()?;
    rule(Rng::with_seed(seed)).await.map_err(|failure| with_seed(failure, seed))
}

/// The seed of this run.
pub(super) fn seed() -> Result<u64, std::num::ParseIntError> {
    match std::env::var(VARIABLE) {
        Ok(seed) => seed.parse(),
        Err(_) => Ok(fastrand::u64(..)),
    }
}

fn with_seed(failure: Failure, seed: u64) -> Failure {
    failure.and(format_args!("set {VARIABLE}={seed} to repeat it"))
}
