//! Reads: page by page behind a cursor, the next page under way while one is looked at.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, task::JoinHandle};

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

/// How many events one statement asks for at most.
const ASKED: u64 = 4000;
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
    let mut rows = Rows::default();
    loop {
        let most = select.most(ASKED);
        if most == 0 || ask(shared, &mut select, most, &mut rows, sender).await? < most {
            return Ok(());
        }
    }
}

/// The head, or as much of it as is known already and enough.
async fn settled(shared: &Shared, query: &Query) -> Result<Id> {
    let known = shared.known();
    if select::to(query) <= known { Ok(known) } else { mark::head(shared).await }
}

/// Makes one statement, and says how many events it gave. The rows stream: pages are handed out
/// as they come, and while nobody takes them the server waits.
async fn ask(
    shared: &Shared,
    select: &mut Select,
    most: u64,
    rows: &mut Rows,
    sender: &Sender,
) -> Result<u64> {
    let failed = |source| failure::to(ACTION, Box::new(source));
    let (sql, parameters) = select.page(most);
    let client = shared.client(ACTION).await?;
    let statement = client.prepare_cached(&shared.names.sql(&sql)).await.map_err(failed)?;
    let found = client.query_raw(&statement, parameters).await.map_err(failed)?;
    tokio::pin!(found);
    let (mut page, mut bytes, mut count) = (Vec::new(), 0, 0);
    while let Some(row) = found.next().await {
        let (event, size) = rows.event(&row.map_err(failed)?)?;
        select.pass(&event);
        page.push(event);
        bytes += size;
        count += 1;
        if bytes > BYTES || page.len() >= PAGE {
            bytes = 0;
            hand_out(std::mem::take(&mut page), sender).await?;
        }
    }
    // The connection is free before the reader has taken the page.
    drop(client);
    if !page.is_empty() {
        hand_out(page, sender).await?;
    }
    Ok(count)
}

/// Waits until the reader takes the page before; without a reader the task is aborted anyway.
async fn hand_out(page: Vec<Committed>, sender: &Sender) -> Result<()> {
    sender.send(Ok(page)).await.map_err(|_| Error::Closed { what: "a read" })
}
