//! Wake-ups: they only make things faster, correctness never rests on them.

use tokio::sync::watch;

use crate::Id;

/// Wakes when the log has grown.
#[derive(Clone, Debug)]
pub struct Watch(watch::Receiver<Id>);

/// The store's end of its watches.
#[derive(Debug)]
pub(crate) struct Waker(watch::Sender<Id>);

impl Waker {
    pub(crate) fn new(head: Id) -> Self {
        Self(watch::Sender::new(head))
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch(self.0.subscribe())
    }

    /// Wakes everyone who waits for an id up to this one; a lower one than before is no news.
    pub(crate) fn wake(&self, head: Id) {
        // Whoever subscribes later reads the head anyway.
        if self.0.receiver_count() == 0 {
            return;
        }
        self.0.send_if_modified(|seen| {
            let news = head > *seen;
            *seen = head.max(*seen);
            news
        });
    }
}

/// A watch for a store of one's own that keeps the sender.
impl From<watch::Receiver<Id>> for Watch {
    fn from(receiver: watch::Receiver<Id>) -> Self {
        Self(receiver)
    }
}

impl Watch {
    /// A watch for a store of one's own, with the sender that drives it.
    pub fn channel() -> (watch::Sender<Id>, Self) {
        let (sender, receiver) = watch::channel(Id(0));
        (sender, Self(receiver))
    }

    /// Waits until the log has grown since the last call; for ever once the store is gone.
    pub async fn grown(&mut self) -> Id {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }
}
