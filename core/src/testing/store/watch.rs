//! Wake-ups: whoever waits for growth is woken by an append through the same store.

use super::{
    Outcome, Subject,
    failure::equal,
    steps::{batch, conflict, put, soon},
};
use crate::{
    Id,
    store::{Expected, Watch},
};

async fn woken_for(watch: &mut Watch, id: Id) -> Outcome {
    soon("a wake-up after an append", async { while watch.grown().await < id {} }).await
}

/// A watch wakes after each append, whatever the stream.
pub async fn watch_wakes_after_an_append(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let mut watches = [store.watch(), store.watch()];
    for name in ["Cart-1", "Cart-2", "Cart-1"] {
        let appended = put(&*store, name, 2).await?;
        for watch in &mut watches {
            woken_for(watch, appended.id()).await?;
        }
    }
    conflict(store.append(batch("Cart-1", Expected::Empty, 1)?).await)?;
    let appended = put(&*store, "Cart-2", 1).await?;
    for watch in &mut watches {
        woken_for(watch, appended.id()).await?;
    }
    Ok(())
}

/// A watch that waits already is woken, and what it was woken for can be read.
pub async fn waiting_watch_is_woken(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 1).await?;
    let mut watch = store.watch();
    let waiting = tokio::spawn(async move {
        let id = watch.grown().await;
        (watch, id)
    });
    tokio::task::yield_now().await;
    let appended = put(&*store, "Cart-2", 1).await?;
    let (mut watch, mut id) = soon("the wake-up of a watch that waits", waiting).await??;
    if id < appended.id() {
        woken_for(&mut watch, appended.id()).await?;
        id = appended.id();
    }
    equal(&(store.head().await? >= id), &true, "the head has reached what a watch told")
}
