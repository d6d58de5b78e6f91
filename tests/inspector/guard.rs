//! Every answer has the headers; only known hosts are answered; links hold wherever it is nested.

use actum::{inspector, inspector::Inspector, prelude::*};
use axum::{Router, body::Body, http::Request};

use crate::{
    shop,
    site::{Site, form, links},
};

const PAGES: [&str; 14] = [
    "/log",
    "/stream?name=Cart-1",
    "/event?id=1",
    "/raw?id=1",
    "/projections",
    "/reactions",
    "/view?name=Demand",
    "/model",
    "/actions",
    "/actions?stream=Cart-1",
    "/unlock",
    "/style.css",
    "/script.js",
    "/icon.svg",
];

async fn site() -> Site {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    Site::new(inspector::router(app))
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_run_nothing_else() {
    let site = site().await;
    let others = ["/nothing/here", "/log?before=x", "/act", "/stream?name=Cart-none", "/"];
    for path in PAGES.into_iter().chain(others) {
        let answer = site.get(path).await;
        let is_page = PAGES.contains(&path);
        assert_eq!(answer.status == 200, is_page, "{path}: {} {}", answer.status, answer.text);
        let policy = answer.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        for rule in ["connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(policy.ends_with("base-uri 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
        let is_asset = path.contains('.');
        let kept = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(answer.headers["cache-control"], kept, "{path}");
        assert!(!answer.text.contains(" style=") && !answer.text.contains("<style"), "{path}");
    }
}

#[tokio::test]
async fn other_hosts_are_refused() {
    let site = site().await;
    let ask = async |hosts: &[&[u8]]| {
        let mut request = Request::builder().uri("/log");
        for host in hosts {
            request = request.header("host", *host);
        }
        site.send(request.body(Body::empty()).expect("a request")).await
    };
    for host in ["localhost", "LOCALHOST:80", "127.0.0.1:4870", "[::1]", "[::1]:4870"] {
        assert_eq!(ask(&[host.as_bytes()]).await.status, 200, "{host}");
    }
    let refused: [&[u8]; 9] = [
        b"evil.example",
        b"localhost.evil.example",
        b"evil.example:80",
        b"localhost:80@evil.example",
        b"127.0.0.1.evil.example",
        b"::1",
        b"<script>alert(1)</script>",
        b"\xff\xfe",
        b"",
    ];
    for host in refused {
        let answer = ask(&[host]).await;
        assert_eq!(answer.status, 421, "{host:?}");
        assert!(answer.headers["content-type"].to_str().expect("text").starts_with("text/plain"));
        assert!(!answer.text.contains("ItemAdded"));
    }
    assert_eq!(ask(&[]).await.status, 421);
    assert_eq!(ask(&[b"localhost", b"localhost"]).await.status, 421);
}

#[tokio::test]
async fn a_host_can_be_allowed() {
    let app = shop::open(Memory::new()).await;
    let router: Router = Inspector::new(app).allow_host("Shop.example").router();
    let site = Site::new(router);
    for (host, status) in
        [("shop.example", 200), ("SHOP.example:8080", 200), ("a.shop.example", 421)]
    {
        let request = Request::builder().uri("/log").header("host", host).body(Body::empty());
        assert_eq!(site.send(request.expect("a request")).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn links_hold_wherever_it_is_nested() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let nested = Router::new().nest("/deep/er/actum", inspector::router(app.clone()));
    let site = Site::new(nested);
    assert_eq!(site.get("/deep/er/actum").await.to(), "./actum/log");
    let alone = Site::new(inspector::router(app));
    assert_eq!(alone.get("/").await.to(), "./log");
    for page in ["log", "stream?name=Cart-1", "model", "projections"] {
        let text = site.page(&format!("/deep/er/actum/{page}")).await;
        let links = links(&text);
        assert!(links.len() > 5, "{text}");
        for link in links.iter().filter(|link| !link.starts_with('#')) {
            assert!(!link.starts_with('/') && !link.contains("://"), "{link}");
            let status = site.get(&format!("/deep/er/actum/{link}")).await.status;
            assert_eq!(status, 200, "{link} on {page}");
        }
    }
    let missing = site.get("/deep/er/actum/no/such/page").await;
    assert_eq!(missing.status, 404);
    assert!(
        links(&missing.text).iter().all(|link| link.starts_with("../../") || link == "#main"),
        "{}",
        missing.text
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_told_apart() {
    let site = site().await;
    let cases = [
        ("/log?before=-1", 400),
        ("/log?before=99999999999999999999", 400),
        ("/log?stream=nodash", 400),
        ("/log?since=yesterday", 400),
        ("/stream", 400),
        ("/stream?name=", 400),
        ("/stream?name=Cart-none", 404),
        ("/stream?name=Cart-1&version=one", 400),
        ("/event", 400),
        ("/event?id=18446744073709551615", 404),
        ("/event?id=0", 404),
        ("/raw?id=77", 404),
        ("/correlation", 400),
        ("/correlation?of=none", 404),
        ("/view", 400),
        ("/view?name=Demand&version=4294967296", 400),
        ("/actions?stream=Ship-1", 404),
        ("/actions?aggregate=Cart&id=", 200),
        ("/nothing", 404),
        ("/log/", 404),
        ("/act", 405),
        ("/verify", 405),
    ];
    for (path, status) in cases {
        let answer = site.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains("<h1>"), "{path}: {}", answer.text);
    }
    let long = format!("/log?name={}", "x".repeat(5000));
    assert_eq!(site.get(&long).await.status, 400);
    let posted = site.send(form(site.request("POST", "/log"), &[])).await;
    assert_eq!(posted.status, 405);
}
