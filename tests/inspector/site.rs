//! A router to be asked without a network, and what it answers.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use tower::ServiceExt;

/// A browser's view of a router: it sends the host and keeps a cookie.
pub struct Site {
    router: Router,
    pub cookie: Option<String>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Site {
    pub fn new(router: Router) -> Self {
        Self { router, cookie: None }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).expect("a request")).await
    }

    /// The page, which must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }

    /// Sends a form as a browser does from the site's own page.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request("POST", path).header("sec-fetch-site", "same-origin");
        self.send(form(request, fields)).await
    }

    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    /// Shows the token, and keeps the cookie.
    pub async fn unlock(&mut self, token: &str) {
        let form = field(&self.page("/unlock").await, "form");
        let answer = self.post("/unlock", &[("form", &form), ("token", token)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
        self.cookie = cookie.split(';').next().map(str::to_owned);
    }
}

impl Answer {
    pub fn to(&self) -> &str {
        self.headers[header::LOCATION].to_str().expect("text")
    }
}

pub fn form(request: axum::http::request::Builder, fields: &[(&str, &str)]) -> Request<Body> {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(pairs.join("&")))
        .expect("a request")
}

/// The value of the first hidden field with a name.
pub fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no {name} in {page}"));
    unescape(rest.split('"').next().unwrap_or_default())
}

/// The fields of the first form of a page that contains a text.
pub fn form_with(page: &str, text: &str) -> Vec<(String, String)> {
    let forms = page.split("<form").skip(1).filter_map(|form| form.split("</form>").next());
    let form = forms.into_iter().find(|form| form.contains(text));
    let form = form.unwrap_or_else(|| panic!("no form with {text} in {page}"));
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    inputs
        .map(|input| {
            let (name, rest) = input.split_once("\" value=\"").expect("a value");
            (name.to_owned(), unescape(rest.split('"').next().unwrap_or_default()))
        })
        .collect()
}

/// The links of a page.
pub fn links(page: &str) -> Vec<String> {
    let all = page.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    all.map(unescape).collect()
}

pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The text of a page, without its tags.
pub fn text_of(page: &str) -> String {
    let mut text = String::new();
    for part in page.split('<').skip(1) {
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    unescape(&text)
}
