//! Who may change something, and how they show it.
//!
//! A POST is admitted when it comes from a page of the inspector, carries the token of its very
//! form, and belongs to a session that was begun with the inspector's token.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Form,
    extract::State,
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

/// The fields of a form.
pub(super) type Fields = HashMap<String, String>;

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

    /// Admits what changes nothing but costs work.
    pub(super) fn admit(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        fields: &Fields,
        to: &str,
    ) -> Result<Right, Fault> {
        if !guard::is_own_page(headers, uri) {
            return Err(Fault::refused("The request does not come from a page of the inspector."));
        }
        let right = self.right(headers);
        let shown = fields.get("form").map(String::as_str).unwrap_or_default();
        if !self.forms.knows(session(&right), to, shown) {
            return Err(Fault::refused(
                "The form is not one of this inspector, or too old. Load the page again.",
            ));
        }
        Ok(right)
    }

    /// Admits what changes something.
    pub(super) fn admit_change(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        fields: &Fields,
        to: &str,
    ) -> Result<(), Fault> {
        match self.right(headers) {
            Right::ReadOnly => Err(Fault::refused(
                "This inspector is read-only. A program makes it writable with \
                 `Inspector::new(app).writable(token)`.",
            )),
            Right::Locked => Err(Fault::refused("Unlock the inspector with its token first.")),
            Right::Open(_) => self.admit(headers, uri, fields, to).map(drop),
        }
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

pub(super) async fn unlock(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    uri: Uri,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    let access = &shared.access;
    let Some(sessions) = &access.sessions else {
        return Err(Fault::refused("This inspector is read-only."));
    };
    access.admit(&headers, &uri, &fields, "unlock")?;
    let shown = fields.get("token").map(String::as_str).unwrap_or_default();
    let Some(session) = sessions.begin(shown) else {
        tracing::warn!("a wrong token was shown to the inspector");
        return Err(Fault::refused("This is not the token of this inspector."));
    };
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={session}; HttpOnly; SameSite=Strict{secure}");
    let back = frame::back(fields.get("back").map(String::as_str));
    Ok(go(&back, Some(cookie)))
}

pub(super) async fn lock(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    uri: Uri,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    shared.access.admit(&headers, &uri, &fields, "lock")?;
    if let (Some(sessions), Some(session)) = (&shared.access.sessions, cookie(&headers)) {
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
