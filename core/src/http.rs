//! An app behind HTTP: actions, states, histories, views and live events, as an axum router.
#![doc = include_str!("docs/http.md")]

mod accept;
mod act;
mod api;
mod asking;
mod cloudevent;
mod events;
mod health;
mod history;
mod openapi;
mod page;
mod parameters;
mod problem;
mod route;
mod state;
mod target;
mod view;

pub use api::Api;
pub use asking::Actor;

use crate::App;

/// An app behind HTTP, with the settings of [`Api::new`].
///
/// Mount it as it is, or nested below a path.
///
/// ```
/// use actum::{axum::Router, prelude::*};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), actum::Error> {
/// let app = App::new(Memory::new()).start().await?;
/// let service: Router = Router::new().nest("/api", actum::http::router(app));
/// # drop(service);
/// # Ok(()) }
/// ```
pub fn router(app: App) -> axum::Router {
    Api::new(app).router()
}
