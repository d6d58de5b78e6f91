//! Who may change something, and how they show it.
//!
//! A POST is admitted when it comes from a page of the inspector, carries the token of its very
//! form, and belongs to a session that was begun with the inspector's token.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Form,
    extract::{FromRequest, Request, rejection::FormRejection},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    asked::Asked,
    fault::Fault,
    frame::{self, Frame, Page, Tab},
    guard,
    session::{Forms, Sessions, WeakToken},
    shared::Shared,
};

const COOKIE: &str = "actum_inspector";

const LOCKED: &str = "Unlock the inspector with its token first.";

/// A form that was posted, not yet admitted.
pub(super) struct Posted {
    pub(super) shared: Arc<Shared>,
    headers: HeaderMap,
    uri: Uri,
    fields: HashMap<String, String>,
}

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = FormRejection;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, FormRejection> {
        let (headers, uri) = (request.headers().clone(), request.uri().clone());
        let Form(fields) = Form::from_request(request, shared).await?;
        Ok(Self { shared: Arc::clone(shared), headers, uri, fields })
    }
}

impl Posted {
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// A field; empty where the form has none of this name.
    pub(super) fn field(&self, name: &str) -> &str {
        self.named(name).unwrap_or_default()
    }

    /// Admits what changes nothing but costs work.
    pub(super) fn admit(&self, to: &str) -> Result<(), Fault> {
        if !guard::is_own_page(&self.headers, &self.uri) {
            return Err(Fault::refused("The request does not come from a page of the inspector."));
        }
        let access = &self.shared.access;
        if !access.forms.knows(session(&access.right(&self.headers)), to, self.field("form")) {
            return Err(Fault::refused(
                "The form is not one of this inspector, or too old. Load the page again.",
            ));
        }
        Ok(())
    }

    /// Admits what changes nothing, and costs the server much: where there is a token, it must have
    /// been shown.
    pub(super) fn admit_work(&self, to: &str) -> Result<(), Fault> {
        match self.shared.access.right(&self.headers) {
            Right::Locked => Err(Fault::refused(LOCKED)),
            Right::ReadOnly | Right::Open(_) => self.admit(to),
        }
    }

    /// Admits what changes something.
    pub(super) fn admit_change(&self, to: &str) -> Result<(), Fault> {
        match self.shared.access.right(&self.headers) {
            Right::ReadOnly => Err(Fault::refused(
                "This inspector is read-only. A program makes it writable with \
                 `Inspector::new(app).writable(token)`.",
            )),
            Right::Locked => Err(Fault::refused(LOCKED)),
            Right::Open(_) => self.admit(to),
        }
    }
}

pub(super) struct Access {
    sessions: Option<Sessions>,
    forms: Forms,
}

/// What the one who asks may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// Nobody may change anything.
    ReadOnly,
    /// The token has not been shown.
    Locked,
    /// The token was shown; the session.
    Open(String),
}

impl Access {
    pub(super) fn read_only() -> Self {
        Self { sessions: None, forms: Forms::new() }
    }

    pub(super) fn with_token(token: &[u8]) -> Result<Self, WeakToken> {
        Ok(Self { sessions: Some(Sessions::new(token)?), forms: Forms::new() })
    }

    pub(super) fn right(&self, headers: &HeaderMap) -> Right {
        let Some(sessions) = &self.sessions else { return Right::ReadOnly };
        match cookie(headers) {
            Some(session) if sessions.is_open(session) => Right::Open(session.to_owned()),
            _ => Right::Locked,
        }
    }

    /// The hidden field that a form needs.
    pub(super) fn field(&self, right: &Right, to: &str) -> Markup {
        let token = self.forms.token(session(right), to).to_hex();
        html! { input type="hidden" name="form" value=(token.as_str()); }
    }
}

fn session(right: &Right) -> &str {
    match right {
        Right::Open(session) => session,
        Right::ReadOnly | Right::Locked => "",
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        all.flat_map(|line| line.split(';')).filter_map(|one| one.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Asks for the token.
pub(super) async fn form(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let back = frame::back(asked.text("back")?.as_deref());
    let body = html! {
        section.card.narrow {
            @match frame.right {
                Right::ReadOnly => p { "This inspector is read-only." },
                Right::Open(_) => {
                    p { "It is unlocked: you may act, rebuild, retry and skip." }
                    form method="post" action="lock" {
                        (frame.field("lock"))
                        button type="submit" { "Lock" }
                    }
                },
                Right::Locked => form.stack method="post" action="unlock" {
                    (frame.field("unlock"))
                    input type="hidden" name="back" value=(back);
                    // Where browsers keep a token, they want a name for it.
                    input type="text" name="user" value="inspector" autocomplete="username" hidden;
                    label for="token" { "Token" }
                    input #token type="password" name="token" required autofocus
                        autocomplete="current-password";
                    p.muted { "It was given to the program that runs the inspector." }
                    button.primary type="submit" { "Unlock" }
                },
            }
        }
    };
    Ok(frame.page(Tab::None, "Unlock", &body))
}

pub(super) async fn unlock(posted: Posted) -> Result<Response, Fault> {
    let Some(sessions) = &posted.shared.access.sessions else {
        return Err(Fault::refused("This inspector is read-only."));
    };
    posted.admit("unlock")?;
    let Some(session) = sessions.begin(posted.field("token")) else {
        tracing::warn!("a wrong token was shown to the inspector");
        return Err(Fault::refused("This is not the token of this inspector."));
    };
    let secure = posted.headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={session}; HttpOnly; SameSite=Strict{secure}");
    let back = frame::back(posted.named("back"));
    Ok(go(&back, Some(cookie)))
}

pub(super) async fn lock(posted: Posted) -> Result<Response, Fault> {
    posted.admit("lock")?;
    let sessions = &posted.shared.access.sessions;
    if let (Some(sessions), Some(session)) = (sessions, cookie(&posted.headers)) {
        sessions.end(session);
    }
    Ok(go("log", Some(format!("{COOKIE}=; HttpOnly; SameSite=Strict; Max-Age=0"))))
}

/// Sends the browser on to another page.
pub(super) fn go(to: &str, cookie: Option<String>) -> Response {
    let to = [(header::LOCATION, to.to_owned())];
    match cookie {
        Some(cookie) => (StatusCode::SEE_OTHER, to, [(header::SET_COOKIE, cookie)]).into_response(),
        None => (StatusCode::SEE_OTHER, to).into_response(),
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("writable", &self.sessions.is_some()).finish_non_exhaustive()
    }
}
