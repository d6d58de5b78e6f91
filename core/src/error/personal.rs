//! What can go wrong with personal values. No text here ever holds a part of one.

use crate::store::BoxError;

/// Why a personal value cannot be sealed or opened.
///
/// That a subject was forgotten is no error when its values are opened: that answer is
/// `Opened::Forgotten`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PersonalError {
    /// The app was built without a vault.
    #[error("this app has no vault for personal values; add `.vault(…)` where the app is built")]
    NoVault,
    /// A text that cannot name a subject.
    #[error("{name:?} cannot name a subject: {why}")]
    InvalidSubject {
        /// The start of the text.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A new value of a subject that was forgotten; nothing was stored.
    #[error(
        "the subject `{subject}` was forgotten, so no new value of it is stored; \
         `app.readmit` lets it in again"
    )]
    Forgotten {
        /// The subject.
        subject: String,
    },
    /// A value that was sealed with a key that there never was in this key store.
    #[error(
        "there is no key {generation} of the subject `{subject}` in the key store; does it belong \
         to this log?"
    )]
    UnknownKey {
        /// The subject.
        subject: String,
        /// Which of its keys.
        generation: u64,
    },
    /// A value whose subject does not occur in the event that a projection is given.
    #[error(
        "the key of the subject `{subject}` is not at hand; a projection can open the values of \
         the event that it is given, and no others"
    )]
    NotAtHand {
        /// The subject.
        subject: String,
    },
    /// The key of a subject is wrapped by an envelope key that the program does not have.
    #[error(
        "the key of the subject `{subject}` is wrapped by the envelope key {found}, and this \
         program has {known}; add the other one with `Vault::former`"
    )]
    WrongEnvelope {
        /// The subject.
        subject: String,
        /// The id of the envelope key that it is wrapped by.
        found: String,
        /// The ids of the envelope keys at hand.
        known: String,
    },
    /// The envelope failed to wrap or unwrap a key.
    #[error("the envelope {envelope} failed for the key of the subject `{subject}`")]
    Envelope {
        /// The id of the envelope key.
        envelope: String,
        /// The subject.
        subject: String,
        /// Why.
        source: BoxError,
    },
    /// A value that was altered, or moved here from another subject.
    #[error("a value of the subject `{subject}` was altered, or belongs to another subject")]
    Tampered {
        /// The subject.
        subject: String,
    },
    /// A value whose stored form makes no sense.
    #[error("a value of the subject `{subject}` is not in the form it was stored in: {why}")]
    Malformed {
        /// The start of the subject.
        subject: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A value that is of another type. What serde says would show a part of the value.
    #[error("a value of the subject `{subject}` is not a `{expected}`")]
    Unfit {
        /// The subject.
        subject: String,
        /// The type that was asked for.
        expected: &'static str,
    },
    /// An envelope key that is none.
    #[error("this cannot be an envelope key: {why}")]
    InvalidEnvelopeKey {
        /// What is wrong.
        why: &'static str,
    },
    /// The system gave no random numbers.
    #[error("the system gave no random numbers: {why}")]
    NoRandom {
        /// What it says.
        why: String,
    },
    /// Other writers changed the key every time.
    #[error("the key of the subject `{subject}` was changed by others every time; try again")]
    Contended {
        /// The subject.
        subject: String,
    },
}
