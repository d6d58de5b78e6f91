#![doc = include_str!("docs/privacy.md")]

mod cipher;
mod envelope;
mod forgotten;
mod keys;
#[cfg(feature = "testing")]
mod kit;
mod memory;
mod mode;
mod opened;
mod opener;
mod personal;
mod ring;
mod scan;
mod sealed;
mod subject;
mod vault;
mod work;

pub use envelope::{Envelope, EnvelopeKey};
pub use forgotten::Forgotten;
#[doc(hidden)]
pub use forgotten::{HandlesForgotten, OpensPersonal};
pub use keys::{KeyState, Keys, StoredKey};
pub use memory::MemoryKeys;
pub use opened::Opened;
pub use opener::Opener;
pub use personal::Personal;
pub use subject::Subject;
pub use vault::{Rotated, Vault};
pub use zeroize::Zeroizing;

#[cfg(feature = "postgres")]
pub use crate::store::PostgresKeys;
#[cfg(feature = "sqlite")]
pub use crate::store::SqliteKeys;

pub(crate) use forgotten::CATEGORY;
#[cfg(feature = "testing")]
pub(crate) use kit::pretended;
pub(crate) use mode::{is_wanted, pretend};
pub(crate) use work::{Lent, Seals, check, finish, lend, ring, sealing};
