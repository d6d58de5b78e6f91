//! A stream of events that can be read without further crates.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use futures_util::StreamExt;

use crate::{Closed, Committed, Event, Events, Result, store::Pages};

/// Events one by one; read with [`next`](Self::next), or as a `Stream`.
///
/// After an error it ends.
#[must_use = "nothing is read before it is asked for"]
pub struct Feed<T> {
    pages: Option<Pages>,
    page: VecDeque<Committed>,
    /// `None` leaves the event out.
    decode: fn(Committed) -> Result<Option<T>>,
}

impl Feed<Committed> {
    pub(super) fn new(pages: Pages) -> Self {
        Self { pages: Some(pages), page: VecDeque::new(), decode: |event| Ok(Some(event)) }
    }
}

impl<Es: Events> Feed<Committed<Es>> {
    pub(super) fn typed(raw: Feed<Committed>) -> Self {
        let decode = |event: Committed| {
            if *event.name == *Closed::NAME {
                return Ok(None);
            }
            let data = event.decode_any::<Es>()?;
            Ok(Some(event.with(data)))
        };
        Self { pages: raw.pages, page: raw.page, decode }
    }
}

impl<T> Feed<T> {
    /// The next event; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<T>> {
        StreamExt::next(self).await
    }

    /// Everything that is left, in memory; for short histories.
    ///
    /// # Errors
    ///
    /// The first error of the read.
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event?);
        }
        Ok(all)
    }
}

impl<T> Stream for Feed<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(event) = self.page.pop_front() {
                let decoded = (self.decode)(event);
                if decoded.is_err() {
                    self.pages = None;
                    self.page.clear();
                }
                match decoded.transpose() {
                    None => continue,
                    decoded => return Poll::Ready(decoded),
                }
            }
            let Some(pages) = &mut self.pages else { return Poll::Ready(None) };
            match ready!(pages.as_mut().poll_next(cx)) {
                Some(Ok(page)) => self.page = page.into(),
                Some(Err(error)) => {
                    self.pages = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.pages = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl<T> std::fmt::Debug for Feed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
