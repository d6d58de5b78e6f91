//! How texts become subjects: one token each, reversibly.
//!
//! A token of a subject may hold neither dots, spaces, wildcards nor control characters. What it
//! may not hold is written as in a URL, `%2E` for a dot; so is what is not ASCII.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::{
    Error, Result, StreamId,
    store::{ViewId, nats::failure},
};

const TOKEN: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'*').add(b'.').add(b'>');
/// A percent sign alone, which no text is written as, stands for the empty text.
const EMPTY: &str = "%";
/// The longest subject: the server takes 4,096 bytes for a whole line of its protocol.
const LONGEST: usize = 3_000;

/// What the subjects and the JetStream streams of a log begin with.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Result<Self> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(known) {
            let why = format!("`{prefix}` is not 1 to 64 letters, digits, `_` and `-`");
            return Err(failure::to("use the prefix", why));
        }
        Ok(Self { prefix: prefix.to_owned() })
    }

    /// The JetStream stream of the events and the keys.
    pub(super) fn log(&self) -> String {
        format!("{}_log", self.prefix)
    }

    /// The JetStream stream of views, snapshots and leases.
    pub(super) fn state(&self) -> String {
        format!("{}_state", self.prefix)
    }

    /// The subjects of the first: those of events have three tokens, those of keys begin apart.
    pub(super) fn log_subjects(&self) -> Vec<String> {
        vec![self.events(), format!("{}_log.>", self.prefix)]
    }

    /// The subjects of the second.
    pub(super) fn state_subjects(&self) -> Vec<String> {
        vec![format!("{}_state.>", self.prefix)]
    }

    /// Where processes tell each other how far the log has grown.
    pub(super) fn news(&self) -> String {
        format!("{}_news", self.prefix)
    }

    /// The events of all streams.
    pub(super) fn events(&self) -> String {
        format!("{}.*.*", self.prefix)
    }

    /// The events of one aggregate.
    pub(super) fn category(&self, category: &str) -> String {
        format!("{}.{}.*", self.prefix, token(category))
    }

    /// The events of one stream.
    pub(super) fn stream(&self, stream: &StreamId) -> String {
        format!("{}.{}.{}", self.prefix, token(stream.category()), token(stream.id()))
    }

    /// The stream whose events have a subject.
    pub(super) fn stream_of(&self, subject: &str) -> Option<StreamId> {
        let (category, id) =
            subject.strip_prefix(&*self.prefix)?.strip_prefix('.')?.split_once('.')?;
        StreamId::new(&text(category)?, text(id)?).ok()
    }

    /// What a key was used for. Keys may be long: the subject has their hash.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}_log.key.{}", self.prefix, blake3::hash(key.as_bytes()).to_hex())
    }

    /// What a message is stored under that only brings a check along.
    pub(super) fn check(&self) -> String {
        format!("{}_log.check", self.prefix)
    }

    /// As [`check`](Self::check), beside the views.
    pub(super) fn guard(&self) -> String {
        format!("{}_state.guard", self.prefix)
    }

    pub(super) fn snapshot(&self, stream: &StreamId) -> String {
        format!("{}{}", self.snapshots(), token(stream.as_str()))
    }

    pub(super) fn snapshots(&self) -> String {
        format!("{}_state.snapshot.", self.prefix)
    }

    pub(super) fn lease(&self, name: &str) -> String {
        format!("{}{}", self.leases(), token(name))
    }

    pub(super) fn leases(&self) -> String {
        format!("{}_state.lease.", self.prefix)
    }

    /// All that belongs to a view.
    pub(super) fn view(&self, view: &ViewId) -> String {
        format!("{}{}.{}.>", self.views(), token(&view.name), view.version)
    }

    pub(super) fn views(&self) -> String {
        format!("{}_state.view.", self.prefix)
    }

    pub(super) fn checkpoint(&self, view: &ViewId) -> String {
        format!("{}{}.{}.at", self.views(), token(&view.name), view.version)
    }

    /// The view whose checkpoint has a subject.
    pub(super) fn view_of(&self, subject: &str) -> Option<ViewId> {
        let rest = subject.strip_prefix(&self.views())?.strip_suffix(".at")?;
        let (name, version) = rest.split_once('.')?;
        let name = text(name)?.into_owned().into();
        Some(ViewId { name, version: version.parse().ok()? })
    }

    pub(super) fn document(&self, view: &ViewId, key: &str) -> String {
        format!("{}{}", self.documents(view), token(key))
    }

    pub(super) fn documents(&self, view: &ViewId) -> String {
        format!("{}{}.{}.document.", self.views(), token(&view.name), view.version)
    }
}

/// Refuses a subject that the server would end the connection for.
pub(super) fn short(action: &str, subject: String) -> Result<String, Error> {
    if subject.len() > LONGEST {
        let start: String = subject.chars().take(80).collect();
        let why = format!(
            "the subject `{start}…` has {} bytes, more than {LONGEST}: shorten the name or the key",
            subject.len()
        );
        return Err(failure::to(action, why));
    }
    Ok(subject)
}

/// A text as one token.
pub(super) fn token(text: &str) -> Cow<'_, str> {
    if text.is_empty() { EMPTY.into() } else { utf8_percent_encode(text, TOKEN).into() }
}

/// The text of a token.
pub(super) fn text(token: &str) -> Option<Cow<'_, str>> {
    if token == EMPTY {
        return Some("".into());
    }
    percent_decode_str(token).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_one_token_and_comes_back() {
        for odd in ["", "a.b", "*", ">", "%", "%2E", " a ", "a\0b", "é🦀", "e\u{301}", "a\tb", "-"]
        {
            let token = token(odd);
            assert!(!token.is_empty() && !token.contains(['.', ' ', '*', '>', '\0', '\t']));
            assert!(token.is_ascii());
            assert_eq!(text(&token).as_deref(), Some(odd));
        }
    }

    #[test]
    fn subjects_tell_their_stream_and_their_view() {
        let names = Names::new("shop").unwrap();
        for name in ["Cart-1", "Ca.rt-a.b", "*->", "Cart-%", "日本-語"] {
            let stream: StreamId = name.parse().unwrap();
            assert_eq!(names.stream_of(&names.stream(&stream)), Some(stream));
        }
        assert_eq!(names.stream_of("shop_log.key.1"), None);
        let view = ViewId { name: "a.at.b".into(), version: u32::MAX };
        assert_eq!(names.view_of(&names.checkpoint(&view)), Some(view));
    }

    #[test]
    fn a_prefix_that_is_no_plain_word_is_refused() {
        for bad in ["", "a.b", "a b", "*", "é"] {
            assert!(Names::new(bad).is_err(), "{bad}");
        }
    }
}
