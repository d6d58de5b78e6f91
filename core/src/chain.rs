#![doc = include_str!("docs/tamper.md")]

mod chained;
mod head;
mod key;
mod link;
mod seal;
mod verify;

pub use chained::Chained;
pub use head::{End, Head};
pub use key::{InvalidKey, Key, PublicKey};
pub use seal::seal;
pub use verify::{Fault, Tampering, Verified, verify};

pub(crate) use seal::keep_sealing;
pub(crate) use verify::check;
