#![doc = include_str!("docs/inspector.md")]

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use crate::{App, store::Store};

mod access;
mod action;
mod asked;
mod asset;
mod correlation;
mod event;
mod fault;
mod frame;
mod guard;
mod json;
mod link;
mod log;
mod model;
mod projection;
mod reaction;
mod session;
mod shared;
mod stream;
mod text;
mod view;

pub use session::WeakToken;

use access::Access;
use guard::Hosts;
use shared::{Shared, Source};

/// The inspector of an app, read-only: the one line that most programs need.
///
/// It serves requests for `localhost` and loopback addresses only; see [`Inspector`] for others.
///
/// ```
/// # use actum::prelude::*;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::new(Memory::new()).start().await?;
/// let site: axum::Router = axum::Router::new().nest("/actum", actum::inspector::router(app));
/// # Ok(()) }
/// ```
pub fn router<S: Clone + Send + Sync + 'static>(app: App) -> Router<S> {
    Inspector::new(app).router()
}

/// The inspector of a store whose types are not at hand, read-only: its log, streams,
/// correlations and stored views.
///
/// ```
/// # use actum::store::Memory;
/// let site: axum::Router = actum::inspector::router_of(Memory::new());
/// ```
pub fn router_of<S: Clone + Send + Sync + 'static>(store: impl Store) -> Router<S> {
    Inspector::of(store).router()
}

/// An inspector that has not been mounted yet.
///
/// ```
/// # use actum::{inspector::Inspector, prelude::*};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let app = App::new(Memory::new()).start().await?;
/// let token = "a long secret from the environment";
/// let inspector = Inspector::new(app).allow_host("shop.example").writable(token)?;
/// let site: axum::Router = axum::Router::new().nest("/actum", inspector.router());
/// # Ok(()) }
/// ```
#[must_use = "it shows nothing before its router is mounted"]
#[derive(Debug)]
pub struct Inspector {
    source: Source,
    access: Access,
    hosts: Hosts,
}

impl Inspector {
    /// Begins the inspector of an app.
    pub fn new(app: App) -> Self {
        Self::over(Source::App(app))
    }

    /// Begins the inspector of a store whose types are not at hand.
    pub fn of(store: impl Store) -> Self {
        Self::over(Source::of_store(Arc::new(store)))
    }

    fn over(source: Source) -> Self {
        Self { source, access: Access::read_only(), hosts: Hosts::local() }
    }

    /// Lets whoever knows the token act: ask actions, rebuild projections, retry and skip what is
    /// parked.
    ///
    /// # Errors
    ///
    /// [`WeakToken`] for a token of less than 16 bytes: it could be guessed.
    pub fn writable(mut self, token: impl AsRef<[u8]>) -> Result<Self, WeakToken> {
        self.access = Access::with_token(token.as_ref())?;
        Ok(self)
    }

    /// Serves requests for this host as well, whatever the port.
    ///
    /// Without it a page of another site could have its own name resolved to this machine, and read
    /// the log through the browser of whoever visits it.
    pub fn allow_host(mut self, host: impl AsRef<str>) -> Self {
        self.hosts.allow(host.as_ref());
        self
    }

    /// The router, to be nested wherever it is wanted, or served alone.
    ///
    /// Made inside of a tokio runtime, it begins to note the lag of the projections; elsewhere with
    /// the first request. That ends when the router is dropped.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let Self { source, access, hosts } = self;
        let shared = Arc::new(Shared::new(source, access, hosts));
        projection::watch(&shared);
        Router::new()
            .route("/", get(frame::home))
            .route("/log", get(log::page))
            .route("/tail", get(log::tail))
            .route("/event", get(event::page))
            .route("/raw", get(event::raw))
            .route("/stream", get(stream::page))
            .route("/correlation", get(correlation::page))
            .route("/projections", get(projection::page))
            .route("/verify", post(projection::verify))
            .route("/reset", post(projection::reset))
            .route("/reactions", get(reaction::page))
            .route("/parked", post(reaction::edit))
            .route("/view", get(view::page))
            .route("/model", get(model::page))
            .route("/actions", get(action::page))
            .route("/act", post(action::run))
            .route("/unlock", get(access::form).post(access::unlock))
            .route("/lock", post(access::lock))
            .route("/style.css", get(asset::style))
            .route("/script.js", get(asset::script))
            .route("/icon.svg", get(asset::icon))
            .fallback(frame::nothing_here)
            .method_not_allowed_fallback(frame::other_method)
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard::guard))
            .with_state(shared)
    }
}
