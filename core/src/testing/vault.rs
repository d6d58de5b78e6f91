//! The conformance suite for key stores: one function per rule, and a macro that stamps a test
//! each.
//!
//! Every rule works with at least two subjects.

use std::sync::Arc;

use super::failure::{ensure, equal};
use crate::{
    Result,
    privacy::{KeyState, Keys, StoredKey, Subject},
    store::BoxFuture,
};

pub use super::{
    failure::{Failure, Outcome},
    store::run,
};

/// A way to make key stores of one kind.
pub trait KeyStore: Send + Sync {
    /// Makes an empty key store, apart from all that were made before.
    fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>>;

    /// Opens the one that [`fresh`](Self::fresh) made last once more, as another process would.
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>>;
}

/// Stamps one `#[test]` for each rule; the argument makes the [`KeyStore`], anew for each test.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use actum::{Result, privacy::{Keys, MemoryKeys}, store::BoxFuture, testing::vault::KeyStore};
///
/// #[derive(Default)]
/// struct InMemory(Mutex<MemoryKeys>);
///
/// impl KeyStore for InMemory {
///     fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
///         *self.0.lock().unwrap() = MemoryKeys::new();
///         self.open()
///     }
///     fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Keys>>> {
///         let keys = self.0.lock().unwrap().clone();
///         Box::pin(async { Ok(Arc::new(keys) as Arc<dyn Keys>) })
///     }
/// }
///
/// actum::testing::key_store!(InMemory::default());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! key_store {
    ($subject:expr) => {
        $crate::key_store! { @ {$subject}
            unknown_subjects_are_not_found
            keys_come_back_as_they_were_stored
            first_key_wins
            replacing_needs_what_is_stored
            forgotten_keys_are_gone
            listed_by_subject_page_by_page
            untold_subjects_are_listed
            one_of_racing_writers_wins
            other_handles_see_it
        }
    };
    (@ {$subject:expr} $($rule:ident)+) => {
        $(
            #[test]
            fn $rule() -> ::core::result::Result<(), $crate::testing::vault::Failure> {
                $crate::testing::vault::run(async {
                    let subject = $subject;
                    $crate::testing::vault::$rule(&subject).await
                })
            }
        )+
    };
}

fn subject(id: &str) -> Outcome<Subject> {
    Ok(Subject::new(id)?)
}

fn held(id: &str, generation: u64, wrapped: &[u8]) -> Outcome<StoredKey> {
    let state = KeyState::Held { envelope: "one".to_owned(), wrapped: wrapped.to_owned() };
    Ok(StoredKey { subject: subject(id)?, generation, state })
}

fn forgotten(id: &str, generation: u64, told: bool) -> Outcome<StoredKey> {
    let state = KeyState::Forgotten { told };
    Ok(StoredKey { subject: subject(id)?, generation, state })
}

async fn put(keys: &dyn Keys, before: Option<&StoredKey>, after: &StoredKey) -> Outcome {
    ensure(keys.replace(before, after).await?, format_args!("{after:?} is not taken"))
}

async fn refused(keys: &dyn Keys, before: Option<&StoredKey>, after: &StoredKey) -> Outcome {
    let taken = keys.replace(before, after).await?;
    ensure(!taken, format_args!("{after:?} is taken in place of {before:?}"))
}

async fn stands(keys: &dyn Keys, key: &StoredKey) -> Outcome {
    let found = keys.find(std::slice::from_ref(&key.subject)).await?;
    equal(&found, &vec![key.clone()], "the stored key")
}

/// Nothing is found of a subject that has no key, whatever others have.
pub async fn unknown_subjects_are_not_found(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    put(&*keys, None, &held("ann", 1, b"a")?).await?;
    let wanted = ["Ann", "an_", "ann%", "ann ", "bob"].map(subject);
    let wanted = wanted.into_iter().collect::<Outcome<Vec<_>>>()?;
    equal(&keys.find(&wanted).await?, &Vec::new(), "the keys of others")?;
    equal(&keys.find(&[]).await?, &Vec::new(), "the keys of nobody")
}

/// A key comes back as it was stored, byte for byte, with odd texts and sizes.
pub async fn keys_come_back_as_they_were_stored(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    let all = [
        held("ann", 1, &[0, 255, 0, 39])?,
        held("'; DROP TABLE subject_key; --", u64::from(u32::MAX) + 1, &[])?,
        held("ünï-\u{1F980}", 2, &[7; 4096])?,
        held(&"x".repeat(Subject::MAX_LEN), 1, b"x")?,
    ];
    for key in &all {
        put(&*keys, None, key).await?;
    }
    for key in &all {
        stands(&*keys, key).await?;
    }
    let wanted: Vec<_> = all.iter().map(|key| key.subject.clone()).collect();
    equal(&keys.find(&wanted).await?.len(), &all.len(), "how many are found at once")
}

/// A key in place of none is refused where there is one.
pub async fn first_key_wins(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    let (ann, bob) = (held("ann", 1, b"a")?, held("bob", 1, b"b")?);
    put(&*keys, None, &ann).await?;
    put(&*keys, None, &bob).await?;
    refused(&*keys, None, &held("ann", 1, b"other")?).await?;
    refused(&*keys, None, &forgotten("ann", 1, false)?).await?;
    stands(&*keys, &ann).await?;
    stands(&*keys, &bob).await
}

/// A key takes the place of the very one that is stored, and of no other.
pub async fn replacing_needs_what_is_stored(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    let (ann, bob) = (held("ann", 1, b"a")?, held("bob", 1, b"a")?);
    put(&*keys, None, &ann).await?;
    put(&*keys, None, &bob).await?;
    let after = held("ann", 2, b"new")?;
    let other = KeyState::Held { envelope: "two".to_owned(), wrapped: b"a".to_vec() };
    let others = [
        held("ann", 1, b"other")?,
        held("ann", 2, b"a")?,
        StoredKey { state: other, ..ann.clone() },
        forgotten("ann", 1, false)?,
        forgotten("ann", 1, true)?,
    ];
    for before in &others {
        refused(&*keys, Some(before), &after).await?;
    }
    let carol = held("carol", 1, b"c")?;
    refused(&*keys, Some(&carol), &carol).await?;
    stands(&*keys, &ann).await?;
    put(&*keys, Some(&ann), &after).await?;
    refused(&*keys, Some(&ann), &after).await?;
    stands(&*keys, &after).await?;
    stands(&*keys, &bob).await
}

/// A key that was forgotten is gone, and that it was is known; others stay.
pub async fn forgotten_keys_are_gone(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    let (ann, bob) = (held("ann", 3, b"a")?, held("bob", 1, b"b")?);
    let (gone, told) = (forgotten("ann", 3, false)?, forgotten("ann", 3, true)?);
    put(&*keys, None, &ann).await?;
    put(&*keys, None, &bob).await?;
    put(&*keys, Some(&ann), &gone).await?;
    stands(&*keys, &gone).await?;
    refused(&*keys, Some(&told), &ann).await?;
    put(&*keys, Some(&gone), &told).await?;
    stands(&*keys, &told).await?;
    let again = held("ann", 4, b"again")?;
    put(&*keys, Some(&told), &again).await?;
    stands(&*keys, &again).await?;
    stands(&*keys, &bob).await
}

/// Keys are listed by subject, byte for byte, page by page, forgotten ones too.
pub async fn listed_by_subject_page_by_page(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    equal(&keys.list(None, 10).await?, &Vec::new(), "the keys of an empty store")?;
    let sorted = ["10", "9", "Zoe", "a-b", "ann", "ann_", "bob", "é"];
    for id in sorted.iter().rev() {
        let key = if *id == "9" { forgotten(id, 1, true)? } else { held(id, 1, id.as_bytes())? };
        put(&*keys, None, &key).await?;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = keys.list(after.as_ref(), 3).await?;
        ensure(page.len() <= 3, "a page is longer than its limit")?;
        let Some(last) = page.last() else { break };
        after = Some(last.subject.clone());
        seen.extend(page.into_iter().map(|key| key.subject.to_string()));
    }
    equal(&seen, &sorted.map(str::to_owned).to_vec(), "the subjects that are listed")
}

/// Forgotten subjects of which the log was not told are listed, and no others.
pub async fn untold_subjects_are_listed(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    let ann = forgotten("ann", 1, false)?;
    put(&*keys, None, &ann).await?;
    put(&*keys, None, &held("bob", 1, b"b")?).await?;
    put(&*keys, None, &forgotten("carol", 1, true)?).await?;
    put(&*keys, None, &forgotten("dan", 2, false)?).await?;
    equal(&keys.untold(10).await?, &vec![ann.clone(), forgotten("dan", 2, false)?], "the untold")?;
    equal(&keys.untold(1).await?.len(), &1, "how many are listed at most")?;
    put(&*keys, Some(&ann), &forgotten("ann", 1, true)?).await?;
    equal(&keys.untold(10).await?, &vec![forgotten("dan", 2, false)?], "the untold")
}

/// Of writers that race for one subject one wins, and its key is the one that is stored.
pub async fn one_of_racing_writers_wins(store: &dyn KeyStore) -> Outcome {
    let keys = store.fresh().await?;
    let bob = held("bob", 1, b"b")?;
    put(&*keys, None, &bob).await?;
    let racers = (0..16_u8).map(|number| {
        let keys = Arc::clone(&keys);
        async move {
            let key = held("ann", 1, &[number])?;
            Ok::<_, Failure>(keys.replace(None, &key).await?.then_some(key))
        }
    });
    let won = futures_util::future::try_join_all(racers).await?;
    let won: Vec<_> = won.into_iter().flatten().collect();
    equal(&won.len(), &1, "how many have won")?;
    for key in &won {
        stands(&*keys, key).await?;
    }
    stands(&*keys, &bob).await
}

/// What one handle has stored the others see, and it counts for what they store.
pub async fn other_handles_see_it(store: &dyn KeyStore) -> Outcome {
    let (one, other) = (store.fresh().await?, store.open().await?);
    let (ann, bob) = (held("ann", 1, b"a")?, held("bob", 1, b"b")?);
    put(&*one, None, &ann).await?;
    put(&*other, None, &bob).await?;
    stands(&*other, &ann).await?;
    stands(&*one, &bob).await?;
    refused(&*other, None, &ann).await?;
    put(&*other, Some(&ann), &forgotten("ann", 1, false)?).await?;
    stands(&*one, &forgotten("ann", 1, false)?).await
}
