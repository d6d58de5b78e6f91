//! The inspector in a real browser, a headless Chromium.
//!
//! It takes `chromedriver` from the path, or from where `ACTUM_CHROMEDRIVER` names it, and leaves
//! pictures in the folder that `ACTUM_SCREENSHOTS` names.

#[path = "browser/chromium.rs"]
mod chromium;
#[path = "browser/hostile.rs"]
mod hostile;
#[path = "browser/large.rs"]
mod large;
#[path = "browser/look.rs"]
mod look;
#[path = "inspector/shop.rs"]
mod shop;
#[path = "browser/use_it.rs"]
mod use_it;
