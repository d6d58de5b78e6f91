//! A value that is about somebody.

use std::{
    any::type_name,
    fmt,
    io::{self, Write},
    marker::PhantomData,
    sync::Arc,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
    ser,
};
use zeroize::Zeroizing;

use super::{mode, opened::Opened, ring::Ring, sealed::Sealed, subject::Subject};
use crate::PersonalError;

/// A value that is about somebody: stored sealed with a key of its subject's own, gone for good
/// when the subject is forgotten.
///
/// An action makes it from the plain value. It is clear until the event is encoded; from then on
/// it is sealed, in the log, in states, snapshots and documents, on disk and in memory.
/// [`App::open`](crate::App::open) opens it. It can be moved and cloned like any value, and its
/// subject and key go with it.
///
/// It cannot be shown, dereferenced or serialised in clear. `Debug` shows the subject only. A
/// value that is still clear refuses to be serialised anywhere but in an event.
///
/// ```
/// use actum::privacy::Personal;
///
/// let name = Personal::new("customer-17", "Ann".to_owned());
/// assert_eq!(format!("{name:?}"), "Personal(customer-17, …)");
/// assert!(serde_json::to_string(&name).is_err());
/// ```
pub struct Personal<T> {
    inner: Inner,
    value: PhantomData<fn() -> T>,
}

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    /// The JSON of the value; wiped when the last clone goes.
    Clear {
        subject: Subject,
        text: Arc<Zeroizing<Vec<u8>>>,
    },
    Sealed(Sealed),
    /// It could not be made.
    Unwritable(Arc<str>),
}

impl<T> Personal<T> {
    /// Makes a value about a subject; see [`Subject`] for what names one.
    ///
    /// The value itself is dropped, and what is kept of it is wiped when it goes. A subject that
    /// cannot be one, or a value that cannot be written as JSON, is told when the event is
    /// encoded.
    pub fn new(subject: impl fmt::Display, value: T) -> Self
    where
        T: Serialize,
    {
        let made = Subject::new(subject).map_err(|error| error.to_string().into());
        let inner = match made.and_then(|subject| Ok((subject, text(&value)?))) {
            Ok((subject, text)) => Inner::Clear { subject, text: Arc::new(text) },
            Err(why) => Inner::Unwritable(why),
        };
        Self { inner, value: PhantomData }
    }

    /// Whom it is about; `None` for one that could not be made.
    pub fn subject(&self) -> Option<&str> {
        match &self.inner {
            Inner::Clear { subject, .. } => Some(subject.as_str()),
            Inner::Sealed(sealed) => Some(&sealed.subject),
            Inner::Unwritable(_) => None,
        }
    }

    /// The subject whose key is needed to open it.
    pub(super) fn needs(&self) -> Result<Option<Subject>, PersonalError> {
        match &self.inner {
            Inner::Sealed(sealed) => sealed.subject().map(Some),
            Inner::Clear { .. } | Inner::Unwritable(_) => Ok(None),
        }
    }

    /// Opens it.
    pub(super) fn open(&self, ring: &Ring) -> Result<Opened<T>, PersonalError>
    where
        T: DeserializeOwned,
    {
        let opened;
        let text = match &self.inner {
            Inner::Clear { text, .. } => text,
            Inner::Sealed(sealed) => match ring.open(sealed)? {
                Opened::Value(text) => {
                    opened = text;
                    &opened
                }
                Opened::Forgotten => return Ok(Opened::Forgotten),
            },
            Inner::Unwritable(_) => return Err(self.unfit()),
        };
        // What serde says would show a part of the value.
        serde_json::from_slice(text).map(Opened::Value).map_err(|_| self.unfit())
    }

    fn unfit(&self) -> PersonalError {
        let subject = self.subject().unwrap_or_default().to_owned();
        PersonalError::Unfit { subject, expected: type_name::<T>() }
    }
}

/// Writes a value as JSON, in one piece of memory: none that is outgrown is left behind.
fn text<T: Serialize>(value: &T) -> Result<Zeroizing<Vec<u8>>, Arc<str>> {
    let told = |error: serde_json::Error| Arc::from(error.to_string());
    let mut size = Counted(0);
    serde_json::to_writer(&mut size, value).map_err(told)?;
    let mut text = Zeroizing::new(Vec::with_capacity(size.0));
    serde_json::to_writer(&mut *text, value).map_err(told)?;
    Ok(text)
}

/// Counts what is written.
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T> Clone for Personal<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), value: PhantomData }
    }
}

/// Equal while both are clear and hold the same value of the same subject, or are the same sealed
/// value.
impl<T> PartialEq for Personal<T> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<T> Eq for Personal<T> {}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal({}, …)", self.subject().unwrap_or("?"))
    }
}

impl<T> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.inner {
            Inner::Clear { subject, text } => {
                mode::write(subject, text).map_err(ser::Error::custom)?.serialize(serializer)
            }
            Inner::Sealed(sealed) => sealed.serialize(serializer),
            Inner::Unwritable(why) => Err(ser::Error::custom(why)),
        }
    }
}

impl<'de, T> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What is found in place of the sealed form may be a value in clear, and serde would show
        // it.
        let refuse = |_| de::Error::custom("this is not a sealed personal value; it is not shown");
        let inner = Sealed::deserialize(deserializer).map(Inner::Sealed).map_err(refuse)?;
        Ok(Self { inner, value: PhantomData })
    }
}
