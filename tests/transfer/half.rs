//! Copies that were interrupted, and targets that changed meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use actum::{
    App, Error, Id, Result,
    store::{Appended, Batch, BoxFuture, Restore, Store},
    transfer::{self, Fault, Ids},
};
use actum_tests::faulty::{Faults, Faulty, failed};

use crate::place::{Pair, all, event, everywhere, fill, put, put_once};

everywhere!(
    an_app_does_not_start_on_half_a_copy,
    a_copy_goes_on_wherever_it_was_interrupted,
    a_copy_into_a_store_that_gives_its_own_ids_goes_on,
    a_target_that_changed_meanwhile_is_refused,
    a_copy_is_resumed_as_it_was_begun,
    a_source_that_is_half_a_copy_is_refused,
);

/// Fails for good after so many writes of events, as if the program were killed.
struct Dying {
    left: AtomicU64,
    /// Whether the last write is stored, and its answer lost.
    loses_the_answer: bool,
    takes_ids: bool,
}

fn dying(store: &Arc<dyn Store>, writes: u64) -> Faulty<Dying> {
    let left = AtomicU64::new(writes);
    let loses_the_answer = writes % 2 == 1;
    Faulty::with(Arc::clone(store), Dying { left, loses_the_answer, takes_ids: true })
}

/// As `dying`, for a store as one on JetStream would be.
fn without_ids(store: &Arc<dyn Store>, writes: u64) -> Faulty<Dying> {
    let left = AtomicU64::new(writes);
    let faults = Dying { left, loses_the_answer: writes % 2 == 1, takes_ids: false };
    Faulty::with(Arc::clone(store), faults)
}

impl Dying {
    async fn write<T>(&self, write: BoxFuture<'_, Result<T>>) -> Result<T> {
        if self.left.load(SeqCst) == 0 {
            return failed("write");
        }
        if self.left.fetch_sub(1, SeqCst) == 1 && self.loses_the_answer {
            write.await?;
            return failed("write");
        }
        write.await
    }
}

impl Faults for Dying {
    fn append<'a>(&'a self, inner: &'a dyn Store, batch: Batch) -> BoxFuture<'a, Result<Appended>> {
        Box::pin(self.write(inner.append(batch)))
    }

    fn restore<'a>(&'a self, inner: &'a dyn Store, restore: Restore) -> BoxFuture<'a, Result<()>> {
        if !self.takes_ids {
            return Box::pin(async { Err(Error::Unsupported { what: "take events with ids" }) });
        }
        // The question whether it can.
        if restore.events.is_empty() && restore.keys.is_empty() {
            return inner.restore(restore);
        }
        Box::pin(self.write(inner.restore(restore)))
    }
}

async fn filled(from: &dyn Store) {
    for round in 0..8 {
        fill(from, "Cart-1", 300).await;
        fill(from, "Cart-2", 40).await;
        let key = format!("req-{round}");
        let meta = format!(r#"{{"key":"{key}","causation":"Do#{}"}}"#, round * 300 + 1);
        let opened = || event("Opened", "{}", &meta);
        put_once(from, "Order-1", &key, vec![opened(), opened()]).await;
    }
}

/// The same events, whatever their ids, and every key.
async fn same(from: &dyn Store, to: &dyn Store) {
    let (ours, theirs) = (all(from).await, all(to).await);
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((&ours.stream, ours.version), (&theirs.stream, theirs.version));
        assert_eq!(
            (&ours.name, &ours.data, ours.created),
            (&theirs.name, &theirs.data, theirs.created)
        );
    }
    for round in 0..8 {
        let keyed = async |store: &dyn Store| {
            let keyed = store.keyed(&format!("req-{round}")).await.expect("asked");
            keyed.expect("a key that is known")
        };
        let (ours, theirs) = (keyed(from).await, keyed(to).await);
        assert_eq!(ours.fingerprint, theirs.fingerprint);
        let (ours, theirs) = (ours.appended.placed[0], theirs.appended.placed[0]);
        assert_eq!((ours.version, ours.count), (theirs.version, theirs.count));
    }
}

async fn an_app_does_not_start_on_half_a_copy(Pair { from, to }: &Pair) {
    let (from, to) = (&from.store, &to.store);
    filled(&**from).await;
    let half = transfer::copy(from, &dying(to, 2)).named("the old shop").await;
    assert!(half.is_err());
    let refused = App::new(Arc::clone(to)).start().await.expect_err("half a copy");
    assert_eq!(
        refused.to_string(),
        "the copy of the old shop into this store has not ended; run the same copy again, as in \
         `actum copy FROM TO`, and it goes on where it stopped; until then no app starts here"
    );
    transfer::copy(from, to).named("the old shop").await.expect("copied");
    let app = App::new(Arc::clone(to)).start().await.expect("it starts");
    app.shutdown(Duration::from_secs(9)).await.expect("it ends");
}

async fn a_copy_goes_on_wherever_it_was_interrupted(Pair { from, to }: &Pair) {
    let (from, to) = (&from.store, &to.store);
    filled(&**from).await;
    let mut interrupted = 0;
    let report = loop {
        let dying = dying(to, interrupted % 3);
        match transfer::copy(from, &dying).ids(Ids::Keep).await {
            Ok(report) => break report,
            Err(Error::Store { store: "faulty", .. }) => interrupted += 1,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(interrupted > 3, "it was interrupted {interrupted} times only");
    assert!(report.already > 0);
    assert_eq!(all(&**to).await, all(&**from).await);
    same(&**from, &**to).await;
    for round in 0..8 {
        let key = format!("req-{round}");
        let keyed = async |store: &dyn Store| store.keyed(&key).await.expect("asked");
        assert_eq!(keyed(&**from).await, keyed(&**to).await);
    }
}

async fn a_copy_into_a_store_that_gives_its_own_ids_goes_on(Pair { from, to }: &Pair) {
    let (from, to) = (&from.store, &to.store);
    filled(&**from).await;
    let kept = transfer::copy(from, &without_ids(to, 99)).ids(Ids::Keep).await;
    assert!(matches!(kept, Err(Error::Unsupported { .. })), "{kept:?}");
    let mut interrupted = 0;
    while let Err(error) = transfer::copy(from, &without_ids(to, interrupted % 4)).await {
        assert!(matches!(error, Error::Store { store: "faulty", .. }), "{error}");
        interrupted += 1;
    }
    assert!(interrupted > 3, "it was interrupted {interrupted} times only");
    same(&**from, &**to).await;
    let causes = |events: Vec<actum::Committed>| {
        let places: std::collections::HashMap<_, _> =
            events.iter().map(|event| (event.id.0, event.version)).collect();
        let cause = |event: &actum::Committed| {
            let id = event.meta.causation()?.strip_prefix("Do#")?.parse::<u64>().ok()?;
            places.get(&id).copied()
        };
        events.iter().map(cause).collect::<Vec<_>>()
    };
    assert_eq!(causes(all(&**from).await), causes(all(&**to).await));
}

async fn a_target_that_changed_meanwhile_is_refused(Pair { from, to }: &Pair) {
    let (from, to) = (&from.store, &to.store);
    filled(&**from).await;
    assert!(transfer::copy(from, &dying(to, 2)).await.is_err());
    let stored = to.head().await.expect("a head");
    put(&**to, "Other-1", vec![event("Strange", "{}", "{}")]).await;
    let refused = transfer::copy(from, to).await.expect_err("it changed");
    let Error::Transfer(fault) = refused else { panic!("{refused}") };
    let Fault::Changed { id } = *fault else { panic!("{fault}") };
    assert_eq!(id, stored.next());
    assert_eq!(to.head().await.expect("a head"), id);
}

async fn a_copy_is_resumed_as_it_was_begun(Pair { from, to }: &Pair) {
    let (from, to) = (&from.store, &to.store);
    filled(&**from).await;
    assert!(transfer::copy(from, &dying(to, 2)).await.is_err());
    let kept = transfer::copy(from, to).ids(Ids::Keep).await.expect_err("other ids");
    assert!(matches!(&kept, Error::Transfer(fault) if matches!(**fault, Fault::Other { .. })));
    let renamed = transfer::copy(from, to).rename(|stream| format!("X{stream}").parse()).await;
    let Err(Error::Transfer(fault)) = renamed else { panic!("{renamed:?}") };
    assert!(matches!(*fault, Fault::Changed { id: Id(1) }), "{fault}");
    transfer::copy(from, to).await.expect("copied");
    same(&**from, &**to).await;
}

async fn a_source_that_is_half_a_copy_is_refused(Pair { from, to }: &Pair) {
    let (from, to) = (&from.store, &to.store);
    filled(&**from).await;
    assert!(transfer::copy(from, &dying(to, 2)).await.is_err());
    let third = actum::store::Memory::new();
    let refused = transfer::copy(to, &third).await.expect_err("half a copy");
    assert!(
        matches!(&refused, Error::Transfer(fault) if matches!(**fault, Fault::HalfCopied { .. }))
    );
}
