//! What is around every page: the head, the ways to the other pages, the way to unlock.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, OriginalUri, Request},
    http::{Uri, request::Parts},
    response::{Html, IntoResponse, Response},
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    access::{self, Right},
    asset,
    fault::Fault,
    link::Link,
    shared::Shared,
};

/// Which way is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Log,
    Projections,
    Reactions,
    Model,
    Actions,
    None,
}

const WAYS: [(Tab, &str, &str); 5] = [
    (Tab::Log, "log", "Log"),
    (Tab::Projections, "projections", "Projections"),
    (Tab::Reactions, "reactions", "Reactions"),
    (Tab::Model, "model", "Model"),
    (Tab::Actions, "actions", "Actions"),
];

/// Where in a page comes what takes longer. The texts of a page are escaped: none can be this.
pub(super) const LATER: PreEscaped<&str> = PreEscaped("<!--later-->");

/// A whole page.
pub(super) struct Page {
    html: String,
    later: Option<BoxFuture<'static, Markup>>,
}

/// Who asks for a page, and of what.
pub(super) struct Frame {
    pub(super) shared: Arc<Shared>,
    pub(super) right: Right,
    /// The page that is asked for, as a relative address.
    here: String,
}

impl FromRequestParts<Arc<Shared>> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, Infallible> {
        let right = shared.access.right(&parts.headers);
        let here = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let here = back(Some(here.trim_start_matches('/')));
        Ok(Self { shared: Arc::clone(shared), right, here })
    }
}

impl Frame {
    /// Whether the one who asks may change something.
    pub(super) fn may_change(&self) -> bool {
        matches!(self.right, Right::Open(_))
    }

    /// Whether the one who asks may have the server work.
    pub(super) fn may_work(&self) -> bool {
        !matches!(self.right, Right::Locked)
    }

    /// The hidden field of a form that posts to `to`.
    pub(super) fn field(&self, to: &str) -> Markup {
        self.shared.access.field(&self.right, to)
    }

    /// What stands in place of a form that is not to be used.
    pub(super) fn not_now(&self, what: &str) -> Markup {
        let unlock = Link::to("unlock").with("back", &self.here);
        html! {
            p.muted.hint {
                @match self.right {
                    Right::Open(_) => {},
                    Right::ReadOnly => { "Read-only: the program has not allowed to " (what) "." },
                    Right::Locked => { a href=(unlock) { "Unlock" } " to " (what) "." },
                }
            }
        }
    }

    pub(super) fn page(&self, tab: Tab, title: &str, body: &Markup) -> Page {
        let typed = self.shared.source.is_typed();
        let unlock = Link::to("unlock").with("back", &self.here);
        let right = html! {
            @match self.right {
                Right::ReadOnly => span.badge title="Nothing can be changed from here" { "read-only" },
                Right::Locked => a.badge href=(unlock) { "locked" },
                Right::Open(_) => a.badge.open href="unlock" { "unlocked" },
            }
        };
        let ways = html! {
            @for (way, to, name) in WAYS {
                @if typed || !matches!(way, Tab::Reactions | Tab::Model | Tab::Actions) {
                    a href=(to) aria-current=[(way == tab).then_some("page")] {
                        @if !typed && way == Tab::Projections { "Views" } @else { (name) }
                    }
                }
            }
        };
        Page { html: shell("", title, &ways, &right, body).into_string(), later: None }
    }
}

impl Page {
    /// Sends the page up to [`LATER`] at once, and the rest when this is ready.
    pub(super) fn later(self, what: impl Future<Output = Markup> + Send + 'static) -> Self {
        Self { later: Some(what.boxed()), ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Self { html, later } = self;
        let Some(later) = later else { return Html(html).into_response() };
        let (start, end) = html.split_once(LATER.0).unwrap_or((&html, ""));
        let (start, end) = (start.to_owned(), end.to_owned());
        let rest = async move {
            // The start is sent: a panic can only be told in its place.
            let told = AssertUnwindSafe(later).catch_unwind().await.unwrap_or_else(|panic| {
                let message = crate::app::message(&*panic);
                tracing::error!(message, "a page of the inspector has panicked");
                html! { p.trouble role="alert" { "This cannot be shown: it panicked. The log of the server says more." } }
            });
            told.into_string() + &end
        };
        let parts = stream::once(async { start }).chain(stream::once(rest));
        let parts = parts.map(|part| Ok::<_, Infallible>(Bytes::from(part)));
        Html(Body::from_stream(parts)).into_response()
    }
}

/// A page without ways that depend on who asks.
pub(super) fn bare(root: &str, title: &str, body: &Markup) -> Markup {
    let ways = html! { a href={ (root) "log" } { "Log" } };
    shell(root, title, &ways, &html! {}, body)
}

fn shell(root: &str, title: &str, ways: &Markup, right: &Markup, body: &Markup) -> Markup {
    let tag = asset::TAG.as_str();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · actum" }
                link rel="stylesheet" href={ (root) "style.css?v=" (tag) };
                link rel="icon" type="image/svg+xml" href={ (root) "icon.svg?v=" (tag) };
                script src={ (root) "script.js?v=" (tag) } defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    div.inner {
                        a.brand href={ (root) "log" } { "actum" }
                        nav aria-label="Pages" { (ways) }
                        (right)
                    }
                }
                main #main tabindex="-1" {
                    h1 { bdi { (title) } }
                    (body)
                }
            }
        }
    }
}

/// A page of the inspector to come back to; the log unless this is one.
pub(super) fn back(to: Option<&str>) -> String {
    let to = to.unwrap_or_default();
    let (page, query) = to.split_once('?').unwrap_or((to, ""));
    let is_page = WAYS.iter().any(|(_, name, _)| *name == page)
        || ["stream", "correlation", "event", "view"].contains(&page);
    let is_plain = query.bytes().all(|byte| byte.is_ascii_graphic());
    if is_page && is_plain && to.len() < 8192 { to.to_owned() } else { "log".to_owned() }
}

/// Sends the browser to the log, from wherever the inspector is nested.
pub(super) async fn home(OriginalUri(asked): OriginalUri) -> Response {
    let last = asked.path().rsplit('/').next().unwrap_or_default();
    let to = if last.is_empty() { "./log".to_owned() } else { format!("./{last}/log") };
    access::go(&to, None)
}

pub(super) async fn nothing_here(request: Request) -> Response {
    let asked = request.extensions().get::<OriginalUri>().map(|OriginalUri(uri)| uri.clone());
    if request.uri().path() == "/" {
        return home(OriginalUri(asked.unwrap_or_default())).await;
    }
    Fault::missing("The inspector has no such page.").page(&root(request.uri()))
}

pub(super) async fn other_method(uri: Uri) -> Response {
    Fault::method("This page does not take requests of this kind.").page(&root(&uri))
}

/// The way from a page to the root of the inspector.
fn root(uri: &Uri) -> String {
    "../".repeat(uri.path().matches('/').count().saturating_sub(1).min(64))
}
