//! The inspector over HTTP: what its pages show, whom they refuse, what they survive.

#[path = "inspector/access.rs"]
mod access;
#[path = "inspector/bare.rs"]
mod bare;
#[path = "inspector/guard.rs"]
mod guard;
#[path = "inspector/hostile.rs"]
mod hostile;
#[path = "inspector/log.rs"]
mod log;
#[path = "inspector/pages.rs"]
mod pages;
#[path = "inspector/shop.rs"]
mod shop;
#[path = "inspector/site.rs"]
mod site;
#[path = "inspector/work.rs"]
mod work;
