//! Folds a projection again and compares it with what is stored.

use std::{collections::BTreeMap, ops::Bound};

use serde_json::Value;

use crate::{App, Error, Id, Json, Projection, Result, app::runner::Part};

/// How many documents are compared at once.
const PAGE: u64 = 256;

/// How often a page is read again because the projection went on meanwhile.
const TRIES: u32 = 1_000;

/// What [`App::verify`] has found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// Up to which id the log was folded at most.
    pub at: Id,
    /// How many documents were compared.
    pub documents: u64,
    /// How many of them are stored otherwise than the fold has them, are missing or too many.
    pub differing: u64,
    /// The first of these, by partition and key.
    pub first: Option<Difference>,
}

/// Where a stored document differs from the fold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The document; empty for the only one.
    pub key: String,
    /// The first place in it that differs, as a JSON pointer (RFC 6901); empty for the whole.
    pub path: String,
    /// What is stored there, if anything.
    pub stored: Option<Json>,
    /// What the fold has there, if anything.
    pub folded: Option<Json>,
    /// The first event that the stored value does not show: the one after the last state of the
    /// fold that had the stored value at this place. If it never had it, the first event of the
    /// document; `None` if no event concerns the document.
    ///
    /// A stored document shows only where its fold has ended, not how it got there: an event that
    /// was folded wrongly, or by another program, need not be this one, only not be later.
    pub event: Option<Id>,
}

impl Verification {
    /// Whether what is stored equals the fold.
    pub fn is_equal(&self) -> bool {
        self.differing == 0
    }
}

impl App {
    /// Folds a projection again from the first event, with the handlers of this program, and
    /// compares every stored document with the outcome.
    ///
    /// It changes nothing, and the projection goes on meanwhile: each page of documents is compared
    /// with the fold at the very checkpoint it was read at. The documents of one partition are kept
    /// in memory. [`reset`](Self::reset) builds anew what differs.
    ///
    /// ```
    /// # use actum::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Event, Serialize, Deserialize)] struct Counted {}
    /// # #[derive(Default, Serialize, Deserialize)] struct Count { times: u64 }
    /// # #[projection]
    /// # impl Count {
    /// #     fn counted(&mut self, _: &Committed<Counted>) { self.times += 1 }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::new(Memory::new()).project::<Count>().start().await?;
    /// let found = app.verify::<Count>().await?;
    /// if let Some(first) = &found.first {
    ///     println!("{:?} differs at {:?} since event {:?}", first.key, first.path, first.event);
    /// }
    /// assert!(found.is_equal());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What stops the projection stops this as well: an event that cannot be read, a handler that
    /// panics. [`Error::Stale`] when the projection moves on faster than a page can be read.
    pub async fn verify<P: Projection>(&self) -> Result<Verification> {
        let mut found = Verification::default();
        for part in &self.runner::<P>()?.parts {
            self.verify_part::<P>(part, &mut found).await?;
        }
        Ok(found)
    }

    async fn verify_part<P: Projection>(
        &self,
        part: &Part,
        found: &mut Verification,
    ) -> Result<()> {
        let mut refold = part.refold::<P>(&self.0.store, None);
        let mut after: Option<String> = None;
        loop {
            let (at, stored) = self.page::<P>(part, after.as_deref()).await?;
            refold.advance(at, |_, _| {}).await?;
            found.at = found.at.max(at);
            let end = if P::KEYED && stored.len() as u64 == PAGE {
                stored.keys().next_back().cloned()
            } else {
                None
            };
            let folded = range(&refold.documents, after.as_deref(), end.as_deref())?;
            let mut keys: Vec<_> = stored.keys().chain(folded.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                found.documents += 1;
                let (stored, folded) = (stored.get(key), folded.get(key));
                let Some((path, stored, folded)) = difference(stored, folded, "") else { continue };
                found.differing += 1;
                if found.first.is_some() {
                    continue;
                }
                let event = self.first_event::<P>(part, key, at, &path, stored).await?;
                let json = |value: Option<&Value>| value.map(encode).transpose();
                let (stored, folded) = (json(stored)?, json(folded)?);
                found.first = Some(Difference { key: key.clone(), path, stored, folded, event });
            }
            match end {
                Some(end) => after = Some(end),
                None => return Ok(()),
            }
        }
    }

    /// A page of stored documents, and the checkpoint they were stored at.
    async fn page<P: Projection>(
        &self,
        part: &Part,
        after: Option<&str>,
    ) -> Result<(Id, BTreeMap<String, Value>)> {
        let (store, view) = (&self.0.store, &part.view);
        if !P::KEYED {
            let (at, document) = store.document(view, "").await?;
            let document = document.map(|json| value(&json)).transpose()?;
            let empty = || value(&encode(&P::default())?);
            let document = document.map_or_else(empty, Ok)?;
            return Ok((at, [(String::new(), document)].into()));
        }
        let mut at = store.checkpoint(view).await?;
        for _ in 0..TRIES {
            let page = store.documents(view, "", after, PAGE).await?;
            let now = store.checkpoint(view).await?;
            if now == at {
                let documents = page.into_iter().filter_map(|one| Some((one.key, one.data?)));
                let documents = documents.map(|(key, data)| Ok((key, value(&data)?)));
                return Ok((at, documents.collect::<Result<_>>()?));
            }
            at = now;
        }
        Err(Error::Stale { view: view.to_string(), expected: at, actual: at })
    }

    /// The event after the last state that had the stored value.
    async fn first_event<P: Projection>(
        &self,
        part: &Part,
        key: &str,
        at: Id,
        path: &str,
        stored: Option<&Value>,
    ) -> Result<Option<Id>> {
        let mut refold = part.refold::<P>(&self.0.store, Some(key.to_owned()));
        let (mut first, mut last_match) = (None, None);
        let empty = if P::KEYED { None } else { Some(value(&encode(&P::default())?)?) };
        let before = |id, document: Option<&P>| {
            first.get_or_insert(id);
            let document = document.and_then(|one| value(&encode(one).ok()?).ok());
            let document = document.as_ref().or(empty.as_ref());
            if document.and_then(|document| document.pointer(path)) == stored {
                last_match = Some(id);
            }
        };
        refold.advance(at, before).await?;
        Ok(last_match.or(first))
    }
}

/// The documents whose keys are behind `after` and not behind `end`, as they would be stored.
fn range<P: Projection>(
    documents: &BTreeMap<String, P>,
    after: Option<&str>,
    end: Option<&str>,
) -> Result<BTreeMap<String, Value>> {
    if !P::KEYED {
        let empty = P::default();
        let document = documents.get("").unwrap_or(&empty);
        return Ok([(String::new(), value(&encode(document)?)?)].into());
    }
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let to = end.map_or(Bound::Unbounded, Bound::Included);
    let documents = documents.range::<str, _>((from, to));
    documents.map(|(key, document)| Ok((key.clone(), value(&encode(document)?)?))).collect()
}

/// The first place at which two values differ, and what is there.
fn difference<'a>(
    stored: Option<&'a Value>,
    folded: Option<&'a Value>,
    path: &str,
) -> Option<(String, Option<&'a Value>, Option<&'a Value>)> {
    let deeper = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    match (stored, folded) {
        (one, other) if one == other => None,
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let mut names: Vec<_> = one.keys().chain(other.keys()).collect();
            names.sort_unstable();
            let place = |name: &String| difference(one.get(name), other.get(name), &deeper(name));
            names.into_iter().find_map(place)
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => (0..one.len().max(other.len()))
            .find_map(|at| difference(one.get(at), other.get(at), &deeper(&at.to_string()))),
        (one, other) => Some((path.to_owned(), one, other)),
    }
}

fn encode<T: serde::Serialize>(value: &T) -> Result<Json> {
    Json::from_value(value)
        .map_err(|source| Error::Encode { what: "the document of a projection".to_owned(), source })
}

fn value(json: &Json) -> Result<Value> {
    json.decode().map_err(|source| Error::Document {
        view: "a projection that is verified".to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_place_that_differs_is_a_pointer() {
        let (one, other) = (json!({"a": 1, "b/c": [1, 2]}), json!({"a": 1, "b/c": [1, 3], "d": 4}));
        let found = difference(Some(&one), Some(&other), "");
        assert_eq!(found, Some(("/b~1c/1".to_owned(), Some(&json!(2)), Some(&json!(3)))));
        assert_eq!(difference(Some(&one), Some(&one), ""), None);
        let found = difference(None, Some(&other), "");
        assert_eq!(found, Some((String::new(), None, Some(&other))));
        let (one, other) = (json!({}), json!({"d": 4}));
        let found = difference(Some(&one), Some(&other), "");
        assert_eq!(found, Some(("/d".to_owned(), None, Some(&json!(4)))));
    }
}
