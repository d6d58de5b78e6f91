//! What every answer passes: the host is one that may be asked for, and the browser is told to run
//! nothing, load nothing and leak nothing that is not the inspector's own.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::shared::Shared;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// The hosts that may be asked for, in lower case and without port.
#[derive(Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn local() -> Self {
        Self(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec())
    }

    pub(super) fn allow(&mut self, host: &str) {
        self.0.push(host.to_ascii_lowercase());
    }

    fn allows(&self, host: &str) -> bool {
        let name = without_port(host);
        self.0.iter().any(|one| one.eq_ignore_ascii_case(name) || one.eq_ignore_ascii_case(host))
    }
}

pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match host(request.headers(), request.uri()) {
        Some(host) if shared.hosts.allows(host) => {
            super::projection::watch(&shared);
            next.run(request).await
        }
        Some(host) => refused(&format!(
            "The inspector does not answer for the host {host:?}. If it is yours, build the \
             inspector with `.allow_host({:?})`.\n",
            without_port(host)
        )),
        None => refused("The request names no host, or several.\n"),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What a log has is nobody else's to keep; the assets say otherwise for themselves.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn refused(why: &str) -> Response {
    (StatusCode::MISDIRECTED_REQUEST, why.to_owned()).into_response()
}

/// The only host that a request names.
pub(super) fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut named = headers.get_all(header::HOST).iter();
    match (named.next(), named.next(), uri.authority()) {
        (Some(host), None, _) => host.to_str().ok(),
        (None, None, Some(authority)) => Some(authority.as_str()),
        _ => None,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a request that changes something comes from a page of the inspector itself.
///
/// Browsers tell it by `Sec-Fetch-Site`. Where they do not, `Origin` must be this host; a program
/// that is no browser sends neither, and needs the session and the form's token all the same.
pub(super) fn is_own_page(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    matches!((origin, host(headers, uri)), (Some((_, origin)), Some(host)) if origin == host)
}
