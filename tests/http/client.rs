//! Clients: one that asks the router itself, and one on a TCP connection.

use std::{net::SocketAddr, time::Duration};

use actum::axum::{
    self, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;

/// How long anything may take.
pub const SOON: Duration = Duration::from_secs(30);

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Checks that it is a problem of this status, and gives its text.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        assert_eq!((&json["status"], &json["code"]), (&status.into(), &code.into()));
        assert_eq!(json["type"], "about:blank");
        assert_eq!(json["title"], self.status.canonical_reason().expect("a known status"));
        json["detail"].as_str().expect("a text").to_owned()
    }
}

/// Sends a request to the router.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a whole body");
    let body = String::from_utf8(body.into()).expect("UTF-8");
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A request with headers and JSON.
pub fn request(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a request")
}

pub async fn get(router: &Router, path: &str) -> Answer {
    get_with(router, path, &[]).await
}

pub async fn get_with(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(router, request(Method::GET, path, headers, "")).await
}

pub async fn post(router: &Router, path: &str, body: &str) -> Answer {
    post_with(router, path, &[], body).await
}

pub async fn post_with(
    router: &Router,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    send(router, request(Method::POST, path, &all, body)).await
}

/// Serves the router on a port of its own, as long as the test runs.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

/// Sends bytes as they are, and reads all that comes back.
pub async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    // A server may answer, and close, before it has read everything.
    let _ = connection.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(SOON, connection.read_to_end(&mut answer)).await;
    let _ = read.expect("an answer in time");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A live feed on a connection of its own.
pub struct Feed {
    pub lines: BufReader<TcpStream>,
    pub head: Vec<String>,
}

/// A message of a live feed.
#[derive(Debug, Default)]
pub struct Message {
    pub id: Option<u64>,
    pub event: Option<String>,
    pub data: String,
}

impl Feed {
    /// Asks in HTTP/1.0, so that the body comes without chunks.
    pub async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        let mut request = format!("GET {path} HTTP/1.0\r\nhost: test\r\n");
        for (name, value) in headers {
            request += &[name, ": ", value, "\r\n"].concat();
        }
        request += "\r\n";
        connection.write_all(request.as_bytes()).await.expect("sent");
        let mut feed = Self { lines: BufReader::new(connection), head: Vec::new() };
        while let Some(line) = feed.line().await.filter(|line| !line.is_empty()) {
            feed.head.push(line);
        }
        feed
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(SOON, self.lines.read_line(&mut line)).await;
        let read = read.expect("a line in time").expect("a connection");
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next message; `None` when the feed has ended.
    pub async fn message(&mut self) -> Option<Message> {
        let mut message = Message::default();
        loop {
            let line = self.line().await?;
            let (field, value) = line.split_once(": ").unwrap_or((&line, ""));
            match field {
                "" => return Some(message),
                "id" => message.id = Some(value.parse().expect("a number")),
                "event" => message.event = Some(value.to_owned()),
                "data" => message.data.push_str(value),
                "retry" => {}
                other => panic!("an unknown field {other}"),
            }
        }
    }

    /// The next message with data.
    pub async fn event(&mut self) -> Option<(u64, Value)> {
        loop {
            let message = self.message().await?;
            if !message.data.is_empty() {
                let json = serde_json::from_str(&message.data).expect("JSON");
                return Some((message.id.expect("an id"), json));
            }
        }
    }
}
