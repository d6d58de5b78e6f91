//! Reads: page by page behind a cursor, the next page under way while one is looked at.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Client, Object};
use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::{
    Committed, Error, Id, Result,
    store::{
        Pages, Query,
        postgres::{
            failure, mark,
            row::Rows,
            select::{self, Select},
            shared::Shared,
        },
    },
};

/// How many events the first statement of a read asks for at most, and how many any does.
const FIRST: u64 = 4000;
const MOST: u64 = 32_000;
/// A statement that gave more bytes is not followed by one that asks for more events.
const LARGE: usize = 4 << 20;
/// How long a reader may take for a page before its connection serves others.
const PATIENCE: Duration = Duration::from_millis(20);
/// How many events a page has at most.
const PAGE: usize = 1000;
/// A page with more bytes than this is handed out before it is full.
const BYTES: usize = 1 << 20;
const ACTION: &str = "read the log";

/// Reads what a query asks for; a task reads ahead by one page, and ends with the stream.
pub(super) fn read(shared: &Arc<Shared>, query: Query) -> Pages {
    enum Reader {
        Idle(Arc<Shared>, Box<Query>),
        Busy(Ahead),
    }
    let reader = Reader::Idle(Arc::clone(shared), Box::new(query));
    Box::pin(stream::unfold(reader, |reader| async move {
        let mut ahead = match reader {
            Reader::Idle(shared, query) => Ahead::start(shared, *query),
            Reader::Busy(ahead) => ahead,
        };
        Some((ahead.pages.recv().await?, Reader::Busy(ahead)))
    }))
}

/// The task that reads ahead; it ends when this is dropped.
struct Ahead {
    pages: mpsc::Receiver<Result<Vec<Committed>>>,
    task: JoinHandle<()>,
}

impl Ahead {
    fn start(shared: Arc<Shared>, query: Query) -> Self {
        let (sender, pages) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            if let Err(error) = all(&shared, query, &sender).await {
                drop(sender.send(Err(error)).await);
            }
        });
        Self { pages, task }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Sender = mpsc::Sender<Result<Vec<Committed>>>;

async fn all(shared: &Shared, query: Query, sender: &Sender) -> Result<()> {
    let head = match &query.stream {
        Some(_) => Id(0),
        None => settled(shared, &query).await?,
    };
    let mut select = Select::new(query, head);
    let mut rows = Rows::new(&select);
    // While the reader keeps up, each statement asks for more than the last one.
    let (mut asked, mut limit) = (FIRST, MOST);
    loop {
        let most = select.most(asked);
        if most == 0 {
            return Ok(());
        }
        match ask(shared, &mut select, most, &mut rows, sender).await? {
            Asked::All { events, .. } if events < most => return Ok(()),
            Asked::All { bytes, .. } if bytes > LARGE => {}
            Asked::All { .. } => asked = (asked * 2).min(limit),
            Asked::Part => (asked, limit) = (PAGE as u64, FIRST),
        }
    }
}

/// The head, or as much of it as is known already and enough.
async fn settled(shared: &Shared, query: &Query) -> Result<Id> {
    let known = shared.known();
    if select::to(query) <= known { Ok(known) } else { mark::head(shared).await }
}

/// How a statement ended.
enum Asked {
    /// It gave all it had.
    All { events: u64, bytes: usize },
    /// The reader was busy: what was not handed out yet must be asked for again.
    Part,
}

/// Makes one statement. The rows stream: pages are handed out as they come.
///
/// No connection waits for a reader for long: to take the next page, a reader may need one.
async fn ask(
    shared: &Shared,
    select: &mut Select,
    most: u64,
    rows: &mut Rows,
    sender: &Sender,
) -> Result<Asked> {
    let failed = |source| failure::to(ACTION, Box::new(source));
    let (sql, parameters) = select.page(most);
    let client = shared.client(ACTION).await?;
    let statement = client.prepare_cached(&shared.names.sql(&sql)).await.map_err(failed)?;
    let found = client.query_raw(&statement, parameters).await.map_err(failed)?;
    let mut found = Box::pin(found);
    let mut open = Open { client: Some(client), left: most };
    let (mut page, mut bytes, mut total) = (Vec::new(), 0, 0);
    while let Some(row) = found.next().await {
        let (event, size) = rows.event(&row.map_err(failed)?)?;
        select.pass(&event);
        page.push(event);
        (bytes, total) = (bytes + size, total + size);
        open.left -= 1;
        if bytes > BYTES || page.len() >= PAGE {
            bytes = 0;
            rows.turn();
            let full = std::mem::replace(&mut page, Vec::with_capacity(PAGE));
            match timeout(PATIENCE, sender.reserve()).await {
                Ok(permit) => permit.map_err(gone)?.send(Ok(full)),
                Err(_) if open.left > 0 => {
                    drop((found, open));
                    hand_out(full, sender).await?;
                    return Ok(Asked::Part);
                }
                Err(_) => page = full,
            }
        }
    }
    // The connection is free before the reader has taken the page.
    let events = most - open.left;
    open.end();
    if !page.is_empty() {
        rows.turn();
        hand_out(page, sender).await?;
    }
    Ok(Asked::All { events, bytes: total })
}

/// The connection of a statement that may give so many more rows. When it is dropped early, the
/// server has to send them before it does anything else: with many, the connection goes too.
struct Open {
    client: Option<Client>,
    left: u64,
}

impl Open {
    fn end(&mut self) {
        drop(self.client.take());
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && self.left > FIRST
        {
            drop(Object::take(client));
        }
    }
}

/// Waits until the reader takes the page before; without a reader the task is aborted anyway.
async fn hand_out(page: Vec<Committed>, sender: &Sender) -> Result<()> {
    sender.send(Ok(page)).await.map_err(gone)
}

fn gone<T>(_: mpsc::error::SendError<T>) -> Error {
    Error::Closed { what: "a read" }
}
