//! The routes: one for each aggregate, action and projection of the model, so that what an app does
//! not have is not routed, and the paths of its user stay free.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State, rejection::BytesRejection},
    http::{Method, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::FutureExt;

use crate::{
    AggregateModel, ProjectionModel,
    http::{
        act,
        api::{Api, Shared},
        events, health, history, openapi,
        problem::Problem,
        state,
        target::encoded,
        view,
    },
    model::Keeps,
};

pub(super) fn router(api: Api) -> Router {
    let model = api.app.model().clone();
    let document = Arc::new(openapi::document(&api));
    let api: Shared = Arc::new(api);
    let mut router = Router::new()
        .route("/events", get(events::events))
        .route("/health", get(health::health))
        .route("/openapi.json", get(async move |nested| openapi::serve(&document, &nested)));
    for aggregate in &model.aggregates {
        router = of_aggregate(router, aggregate);
    }
    for projection in &model.projections {
        router = of_projection(router, projection);
    }
    router
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(caught))
        .with_state(api)
}

fn of_aggregate(router: Router<Shared>, model: &AggregateModel) -> Router<Shared> {
    let name = model.name;
    let path = format!("/{}/{{id}}", encoded(name));
    let mut router = router
        .route(&path, get(async move |api, id, asked| state::state(api, name, id, asked).await))
        .route(
            &format!("{path}/history"),
            get(async move |api, id, asked| history::history(api, name, id, asked).await),
        );
    for action in &model.actions {
        let action = action.name;
        router = router.route(
            &format!("{path}/{}", encoded(action)),
            post(async move |api: State<Shared>, id, asking, body| {
                act::act(&api.0, (name, action), id, asking, body).await
            }),
        );
    }
    router
}

fn of_projection(router: Router<Shared>, model: &ProjectionModel) -> Router<Shared> {
    let name = model.name;
    let path = format!("/views/{}", encoded(name));
    match model.keeps {
        Keeps::OneDocument => {
            router.route(&path, get(async move |api, asked| view::one(api, name, asked).await))
        }
        Keeps::DocumentPerKey => router
            .route(&path, get(async move |api, asked| view::list(api, name, asked).await))
            .route(
                &format!("{path}/{{id}}"),
                get(async move |api, key, asked| view::of_key(api, name, key, asked).await),
            ),
        // Its tables are read by SQL.
        Keeps::Tables => router,
    }
}

/// A body is taken here too, though nobody wants it, so that the connection goes on.
async fn nothing(method: Method, uri: Uri, _body: Body) -> Problem {
    let path: String = uri.path().chars().take(80).collect();
    Problem::not_found(format!(
        "there is nothing at {method} {path}; `openapi.json` lists what this app has"
    ))
}

async fn not_allowed(method: Method, _body: Body) -> Problem {
    Problem::not_allowed(format!("{method} is not possible here; the header `Allow` says what is"))
}

/// The body of a request; an error where it is too large or breaks off.
type Body = Result<Bytes, BytesRejection>;

/// A panic of an action or of a projection is an answer like others, not a broken connection.
async fn caught(request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|panic| {
        let message = crate::app::message(&*panic);
        tracing::error!(message, "a request has panicked");
        Problem::internal("this request made the server panic; its log says where").into_response()
    })
}
