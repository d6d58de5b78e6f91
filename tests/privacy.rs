//! Personal values: sealed wherever they are kept, gone when their subject is forgotten.

#[path = "privacy/crash.rs"]
mod crash;
#[path = "privacy/domain.rs"]
mod domain;
#[path = "privacy/forget.rs"]
mod forget;
#[path = "privacy/hostile.rs"]
mod hostile;
#[path = "privacy/keys.rs"]
mod keys;
#[path = "privacy/kit.rs"]
mod kit;
#[path = "privacy/projection.rs"]
mod projection;
#[path = "privacy/raw.rs"]
mod raw;
#[path = "privacy/rotate.rs"]
mod rotate;
#[path = "privacy/shown.rs"]
mod shown;
