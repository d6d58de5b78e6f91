//! Wake-ups between processes: a plain message with the new head, at most once in a while.
//!
//! They are not stored: whoever misses one polls.

use std::time::Duration;

use async_nats::Client;
use futures_util::StreamExt;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{Id, store::Watch, store::nats::failure};

/// How long the next message waits for more of the same.
const PAUSE: Duration = Duration::from_millis(2);

/// What this process appended, and what it heard of others.
#[derive(Debug)]
pub(super) struct News {
    /// For the watches of this process.
    grown: watch::Sender<Id>,
    /// For the other processes.
    tell: watch::Sender<Id>,
    watch: Watch,
    /// They end with the store.
    _tasks: JoinSet<()>,
}

impl News {
    pub(super) async fn start(client: &Client, subject: String) -> crate::Result<Self> {
        let (grown, watch) = Watch::channel();
        let (tell, told) = watch::channel(Id(0));
        let heard = client.subscribe(subject.clone()).await;
        let heard = heard.map_err(|error| failure::to("listen for wake-ups", error))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(heard, grown.clone()));
        tasks.spawn(speak(client.clone(), subject, told));
        Ok(Self { grown, tell, watch, _tasks: tasks })
    }

    /// Wakes this process, and has the others woken.
    pub(super) fn appended(&self, id: Id) {
        wake(&self.grown, id);
        wake(&self.tell, id);
    }

    pub(super) fn watch(&self) -> Watch {
        self.watch.clone()
    }
}

/// Only a head above all that were told is news.
fn wake(sender: &watch::Sender<Id>, id: Id) {
    sender.send_if_modified(|seen| {
        let is_news = id > *seen;
        *seen = id.max(*seen);
        is_news
    });
}

async fn listen(mut heard: async_nats::Subscriber, grown: watch::Sender<Id>) {
    while let Some(message) = heard.next().await {
        let id = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok());
        if let Some(id) = id {
            wake(&grown, Id(id));
        }
    }
}

async fn speak(client: Client, subject: String, mut told: watch::Receiver<Id>) {
    while told.changed().await.is_ok() {
        let id = *told.borrow_and_update();
        if let Err(error) = client.publish(subject.clone(), id.to_string().into()).await {
            tracing::debug!(%error, "a wake-up was not sent");
        }
        sleep(PAUSE).await;
    }
}
