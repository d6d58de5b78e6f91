//! What belongs to the pages: one style sheet, one script, one icon, all in the program.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const ICON: &str = include_str!("icon.svg");

/// Names what the assets are, so that a browser keeps them until they are others.
pub(super) static TAG: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = blake3::Hasher::new();
    for asset in [STYLE, SCRIPT, ICON] {
        hasher.update(asset.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(12).collect()
});

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", SCRIPT)
}

pub(super) async fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let kept = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    ([(header::CONTENT_TYPE, kind), kept], text).into_response()
}
