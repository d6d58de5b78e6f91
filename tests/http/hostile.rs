//! Hostile paths, headers and bytes: an answer below 500, and nothing stored by mistake.

use actum::{axum::http::Method, prelude::*};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{
    client::{get, post, post_with, raw, request, send, serve},
    place::{Place, both},
    shop::{item, open},
};

both!(
    an_id_that_is_none_is_refused,
    an_id_that_is_one_comes_back,
    odd_names_are_routed,
    odd_headers_and_methods_are_answered,
    broken_requests_end_their_connection_only,
    a_refusal_takes_the_body_and_leaves_the_connection_open,
    nothing_is_said_to_other_origins,
);

async fn an_id_that_is_none_is_refused(place: Place) {
    let (app, router) = open(place.open().await).await;
    let long = "x".repeat(508);
    for id in ["", "..", ".", "%2e%2e", "%2E", "%00", "a%0ab", "%7f", "%c2%85", "%ff", "%c3", &long]
    {
        for tail in ["", "/history"].into_iter().filter(|tail| !(id.is_empty() && tail.is_empty()))
        {
            let answer = get(&router, &format!("/Cart/{id}{tail}")).await;
            answer.problem(400, "bad_request");
        }
        let answer = post(&router, &format!("/Cart/{id}/AddItem"), &item("A", 1)).await;
        answer.problem(400, "bad_request");
    }
    assert_eq!(app.read(Query::all()).all().await.expect("events").len(), 0);
}

async fn an_id_that_is_one_comes_back(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let long = "y".repeat(507);
    let ids = ["a-b", "...", "a%2Fb", "%2F..%2F..", "%25", "%2541", "a+b", "%20", "%F0%9F%A6%80"];
    let ids = ids.into_iter().chain(["%3Cscript%3E", "'%22;--", "a:b@c", "history", &long]);
    for id in ids {
        let done = post(&router, &format!("/Cart/{id}/AddItem"), &item("A", 1)).await;
        assert_eq!((done.status.as_u16(), done.header("etag")), (201, "\"1\""), "{id}");
        let place = done.header("location").strip_prefix("../").expect("a place").to_owned();
        let loaded = get(&router, &format!("/Cart/{place}")).await;
        assert_eq!(loaded.json()["stream"], done.json()["stream"], "{id}");
        let history = get(&router, &format!("/Cart/{id}/history")).await;
        assert_eq!(history.json()[0]["stream"], done.json()["stream"], "{id}");
    }
}

async fn odd_names_are_routed(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let odd = "/W%C3%A4gen%2F1%20%7Bx%7D/1";
    let done = post(&router, &format!("{odd}/history"), "{}").await;
    assert_eq!(done.json()["stream"], "Wägen/1 {x}-1");
    assert_eq!(get(&router, odd).await.json()["version"], 1);
    let events = get(&router, &format!("{odd}/history?format=cloudevents")).await;
    assert_eq!(events.json()[0]["source"], odd);
}

async fn odd_headers_and_methods_are_answered(place: Place) {
    let (_app, router) = open(place.open().await).await;
    for name in ["if-match", "if-none-match", "idempotency-key", "correlation-id"] {
        for value in ["", " ", "\t", "\u{e9}", &"x".repeat(5000)] {
            let answer =
                post_with(&router, "/Cart/1/AddItem", &[(name, value)], &item("A", 1)).await;
            assert!(answer.status.is_client_error(), "{name}: {value:.9}: {answer:?}");
        }
    }
    let open = post_with(&router, "/Cart/1/AddItem", &[("idempotency-key", "\"")], "{}").await;
    open.problem(400, "bad_request");
    for name in ["accept", "prefer", "traceparent", "last-event-id"] {
        for value in ["", ",;=,", "\"", "\u{e9}", &"x,".repeat(5000)] {
            let answer =
                post_with(&router, "/Cart/1/AddItem", &[(name, value)], &item("A", 1)).await;
            assert!(answer.status.is_success(), "{name}: {value:.9}: {answer:?}");
        }
    }
    for method in ["TRACE", "CONNECT", "OPTIONS", "PATCH", "PURGE", "x"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = send(&router, request(method, "/Cart/1", &[], "")).await;
        answer.problem(405, "method_not_allowed");
    }
    let head = send(&router, request(Method::HEAD, "/Cart/1", &[], "")).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
}

async fn broken_requests_end_their_connection_only(place: Place) {
    let (app, router) = open(place.open().await).await;
    let address = serve(router).await;
    let body = "POST /Cart/1/AddItem HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                content-type: application/json\r\n";
    let with = |rest: &str| format!("{body}{rest}").into_bytes();
    for (bytes, status) in [
        (with("content-length: 4\r\n\r\n\u{e9}\u{e9}"), "400"),
        (with("content-length: -1\r\n\r\n{}"), "400"),
        (with("content-length: 2\r\ncontent-length: 3\r\n\r\n{}"), "400"),
        (with("transfer-encoding: chunked\r\n\r\nzz\r\n{}"), "400"),
        (with("idempotency-key: a\0b\r\ncontent-length: 2\r\n\r\n{}"), "400"),
        (with("if-match: \u{ff}\r\ncontent-length: 2\r\n\r\n{}"), "400"),
        (with(&format!("x: {}\r\n\r\n", "y".repeat(1 << 20))), "431"),
        (b"GET /Cart/\xff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_vec(), "400"),
        (b"GET /Cart/a b HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(), "400"),
        (b"GET /Cart/../Cart/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_vec(), "404"),
        (b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), "400"),
    ] {
        let answer = raw(address, &bytes).await;
        let line = answer.lines().next().unwrap_or_default();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        assert!(line.contains(status), "{shown:?}: {answer:.300}");
    }
    assert_eq!(app.read(Query::all()).all().await.expect("events").len(), 0);
    let good = raw(address, &with(&format!("content-length: 19\r\n\r\n{}", item("A", 1)))).await;
    assert!(good.starts_with("HTTP/1.1 201"), "{good}");
}

async fn a_refusal_takes_the_body_and_leaves_the_connection_open(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let connection = TcpStream::connect(serve(router).await).await.expect("a connection");
    let mut lines = BufReader::new(connection).lines();
    let json = "content-type: application/json";
    for (start, header, status) in [
        ("POST /Cart/1/AddItem", "if-match: 1", "400"),
        ("POST /Cart/%00/AddItem", json, "400"),
        ("POST /Cart/1/AddItem", "content-type: text/plain", "415"),
        ("PUT /Cart/1", json, "405"),
        ("POST /Nothing", json, "404"),
    ] {
        let head = format!(
            "{start} HTTP/1.1\r\nhost: a\r\n{header}\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
        );
        lines.get_mut().write_all(head.as_bytes()).await.expect("sent");
        // The server asks for the body before it says anything else.
        assert_eq!(
            lines.next_line().await.expect("a line").expect("a line"),
            "HTTP/1.1 100 Continue",
            "{start}"
        );
        assert_eq!(lines.next_line().await.expect("a line").as_deref(), Some(""));
        lines.get_mut().write_all(b"{}").await.expect("sent");
        let first = lines.next_line().await.expect("a line").expect("an answer");
        assert!(first.contains(status), "{start}: {first}");
        while !lines.next_line().await.expect("a line").expect("an answer").is_empty() {}
        // The problem has no line end, so the next answer begins behind it.
        let ping = b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n\r\n";
        lines.get_mut().write_all(ping).await.expect("sent");
        let next = lines.next_line().await.expect("a line").expect("the next answer");
        assert!(next.ends_with("HTTP/1.1 200 OK"), "{start}: {next}");
        let mut length = 0;
        loop {
            let line = lines.next_line().await.expect("a line").expect("a header");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().expect("a number");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        lines.get_mut().read_exact(&mut body).await.expect("the body");
    }
}

async fn nothing_is_said_to_other_origins(place: Place) {
    let (_app, router) = open(place.open().await).await;
    let origin = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let preflight = request(Method::OPTIONS, "/Cart/1/AddItem", &origin, "");
    let answer = send(&router, preflight).await;
    answer.problem(405, "method_not_allowed");
    let done = post_with(&router, "/Cart/1/AddItem", &origin, &item("A", 1)).await;
    for headers in [&answer.headers, &done.headers] {
        assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    }
}
