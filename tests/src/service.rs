//! Services that a test may need, and what happens where there is none.

use std::env;

/// The address of a service, from the environment variable that names it.
///
/// Where it is not set, the test has nothing to run against: it says so and passes, unless
/// `ACTUM_REQUIRE_SERVICES=1` demands that every service is there.
///
/// ```
/// let Some(url) = actum_tests::service::address("ACTUM_POSTGRES_URL") else { return };
/// # drop(url);
/// ```
pub fn address(variable: &str) -> Option<String> {
    if let Ok(address) = env::var(variable)
        && !address.is_empty()
    {
        return Some(address);
    }
    missing(&format!("set {variable} to run"));
    None
}

/// Tells that a test cannot run, and fails it where services are required.
pub fn missing(what: &str) {
    assert!(
        env::var("ACTUM_REQUIRE_SERVICES").as_deref() != Ok("1"),
        "ACTUM_REQUIRE_SERVICES=1, and a test cannot run: {what}"
    );
    println!("skipped: {what}");
}
