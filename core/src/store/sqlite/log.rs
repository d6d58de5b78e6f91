//! The log in SQLite.

use futures_util::stream;
use tokio::sync::oneshot;

use super::{
    Sqlite, append, heads,
    page::Cursor,
    reader::received,
    writer::{Append, Request},
};
use crate::{
    Committed, Error, Id, Result, StreamId,
    store::{Appended, Batch, BoxFuture, Keyed, Log, Pages, Query, Watch},
};

/// What a reader makes of a cursor.
type Page = (Vec<Committed>, Cursor);

/// How far a read has got.
enum Reading {
    /// A reader is at work on the next page.
    Page(oneshot::Receiver<Result<Page>>),
    /// There is no next page.
    Over,
}

impl Log for Sqlite {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            batch.check()?;
            only_text(&batch)?;
            let (reply, receiver) = oneshot::channel();
            self.send(Request::Append(Box::new(Append::new(batch, reply))))?;
            received(receiver).await
        })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        let key = key.to_owned();
        Box::pin(
            self.0
                .readers
                .ask("look up a key", move |connection, _| append::keyed(connection, &key)),
        )
    }

    fn read(&self, query: Query) -> Pages {
        let store = self.clone();
        let reading = store.next_page(Cursor::new(query));
        Box::pin(stream::unfold((store, reading), |(store, mut reading)| async move {
            loop {
                let Reading::Page(receiver) = reading else { return None };
                match received(receiver).await {
                    Ok((page, cursor)) => {
                        reading = store.next_page(cursor);
                        if !page.is_empty() {
                            return Some((Ok(page), (store, reading)));
                        }
                    }
                    Err(error) => return Some((Err(error), (store, Reading::Over))),
                }
            }
        }))
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        Box::pin(self.0.readers.ask("read the head", |connection, _| heads::last_id(connection)))
    }

    fn watch(&self) -> Watch {
        let watch = self.0.grown.subscribe().into();
        // From now on the writer looks for what other processes write.
        self.0.queue.nudge();
        watch
    }

    fn truncate<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<u64>> {
        let stream = stream.clone();
        Box::pin(
            self.change("truncate a stream", move |connection| {
                append::truncate(connection, &stream)
            }),
        )
    }
}

impl Sqlite {
    fn next_page(&self, mut cursor: Cursor) -> Reading {
        if cursor.done {
            return Reading::Over;
        }
        Reading::Page(self.0.readers.submit("read events", move |connection, names| {
            let page = cursor.page(connection, names)?;
            Ok((page, cursor))
        }))
    }
}

/// Refuses what is no text, which SQLite would keep as if it were.
fn only_text(batch: &Batch) -> Result<()> {
    for write in &batch.writes {
        for event in &write.events {
            for json in [&event.data, event.meta.json()] {
                if std::str::from_utf8(json.as_bytes()).is_err() {
                    let stream = write.stream.clone();
                    return Err(Error::InvalidBatch { stream, why: "an event is not UTF-8" });
                }
            }
        }
    }
    Ok(())
}
