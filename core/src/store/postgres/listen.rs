//! Wake-ups between processes: one connection that listens, and tells others what was appended.
//!
//! A `NOTIFY` within the append would make all commits of the server wait for each other. So it
//! is sent afterwards, at most once in a while; whoever misses one polls.

use std::{sync::Arc, task::Poll, time::Duration};

use deadpool_postgres::tokio_postgres::{
    AsyncMessage, Client, Config, Error,
    types::{ToSql, Type},
};
use futures_util::{Stream, StreamExt, stream};
use tokio::{sync::watch, task::JoinHandle};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Id, store::Watch, store::postgres::shared::Shared};

/// How long the next notification waits for more of the same.
const PAUSE: Duration = Duration::from_millis(5);
/// How long after a failure the connection is made anew: this long at first, then ever longer.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LAST_DELAY: Duration = Duration::from_secs(5);

/// The task that listens; it ends with the store.
#[derive(Debug)]
pub(super) struct Listener {
    news: News,
    watch: Watch,
    task: JoinHandle<()>,
}

/// What this process appended.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// For the watches of this process.
    grown: watch::Sender<Id>,
    /// For the other processes.
    tell: watch::Sender<Id>,
}

impl News {
    /// Wakes this process, and has the others woken. An id below the last one is news too: it may
    /// have been what readers waited for.
    pub(super) fn appended(&self, id: Id) {
        if id > Id(0) {
            wake(&self.grown, id);
            wake(&self.tell, id);
        }
    }
}

fn wake(sender: &watch::Sender<Id>, id: Id) {
    sender.send_modify(|seen| *seen = id.max(*seen));
}

impl Listener {
    pub(super) fn start(shared: &Arc<Shared>, config: Config, tls: MakeRustlsConnect) -> Self {
        let (grown, watch) = Watch::channel();
        let (tell, told) = watch::channel(Id(0));
        let channel = shared.names.channel();
        let task = tokio::spawn(run(config, tls, channel, grown.clone(), told));
        Self { news: News { grown, tell }, watch, task }
    }

    pub(super) fn news(&self) -> News {
        self.news.clone()
    }

    pub(super) fn watch(&self) -> Watch {
        self.watch.clone()
    }

    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(
    config: Config,
    tls: MakeRustlsConnect,
    channel: String,
    grown: watch::Sender<Id>,
    mut told: watch::Receiver<Id>,
) {
    let mut delay = FIRST_DELAY;
    loop {
        match listen(&config, &tls, &channel).await {
            Ok((client, pid, messages)) => {
                delay = FIRST_DELAY;
                // Whatever was missed meanwhile.
                wake(&grown, Id(0));
                if let Err(error) = relay(client, pid, messages, &channel, &grown, &mut told).await
                {
                    tracing::warn!(%error, "the connection for wake-ups is lost");
                }
            }
            Err(error) => tracing::warn!(%error, "no connection for wake-ups"),
        }
        tokio::time::sleep(delay.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        delay = (delay * 2).min(LAST_DELAY);
    }
}

/// Connects and listens; gives the process id of the session as well.
async fn listen(
    config: &Config,
    tls: &MakeRustlsConnect,
    channel: &str,
) -> Result<(Client, i32, impl Stream<Item = Result<AsyncMessage, Error>> + Unpin), Error> {
    let (client, mut connection) = config.connect(tls.clone()).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    // The connection moves only while it is polled.
    let setup = async {
        client.batch_execute(&format!("listen \"{channel}\"")).await?;
        client.query_one("select pg_backend_pid()", &[]).await?.try_get(0)
    };
    let pid = {
        tokio::pin!(setup);
        loop {
            tokio::select! {
                pid = &mut setup => break pid?,
                Some(message) = messages.next() => drop(message?),
            }
        }
    };
    Ok((client, pid, messages))
}

/// Passes wake-ups on in both directions, until the connection is lost.
async fn relay(
    client: Client,
    pid: i32,
    mut messages: impl Stream<Item = Result<AsyncMessage, Error>> + Unpin,
    channel: &str,
    grown: &watch::Sender<Id>,
    told: &mut watch::Receiver<Id>,
) -> Result<(), Error> {
    let mut sending = None;
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(note))) => {
                    if note.process_id() != pid {
                        let id = note.payload().parse().unwrap_or_default();
                        wake(grown, Id(id));
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
            changed = told.changed(), if sending.is_none() => {
                if changed.is_err() {
                    return Ok(());
                }
                let id = *told.borrow_and_update();
                sending = Some(Box::pin(tell(&client, channel, id)));
            }
            done = next(&mut sending), if sending.is_some() => {
                sending = None;
                done?;
            }
        }
    }
}

/// Tells the others, and then pauses, so that a stream of appends makes few notifications.
async fn tell(client: &Client, channel: &str, id: Id) -> Result<(), Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&channel, Type::TEXT), (&id.to_string(), Type::TEXT)];
    client.query_typed("select pg_notify($1, $2)", &parameters).await?;
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

async fn next<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::poll_fn(|_| Poll::Pending).await,
    }
}
