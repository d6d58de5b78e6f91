//! What the tests that need the whole of actum share; see the files beside this folder.

pub mod built;
pub mod faulty;
pub mod nats;
pub mod server;
pub mod service;
