//! What is refused before a log is used.

use actum::store::Nats;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// The whole text of an error, with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|source| format!(": {}", told(source)));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Greets one client as a server of some version does; where it listens.
async fn server(version: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("nats://{}", listener.local_addr().expect("an address"));
    let info = format!(
        "INFO {{\"server_id\":\"A\",\"server_name\":\"old\",\"version\":\"{version}\",\"go\":\"go\",\
         \"host\":\"127.0.0.1\",\"port\":1,\"headers\":true,\"max_payload\":1048576,\"proto\":1}}\r\n"
    );
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        client.write_all(info.as_bytes()).await.expect("it listens");
        let mut said = [0; 4096];
        while client.read(&mut said).await.is_ok_and(|length| length > 0) {
            client.write_all(b"PONG\r\n").await.expect("it listens");
        }
    });
    url
}

#[tokio::test]
async fn an_older_server_is_refused_with_its_version() {
    let url = server("2.11.9").await;
    let error = Nats::connect(&url).await.expect_err("it is too old");
    let text = told(&error);
    assert!(text.contains("NATS 2.11.9") && text.contains("NATS 2.12 or newer"), "{text}");
}

#[tokio::test]
async fn a_setting_that_is_not_known_is_refused() {
    for url in ["nats://127.0.0.1:1?storage=paper", "nats://127.0.0.1:1?sharts=3", "nats://"] {
        let error = Nats::connect(url).await.expect_err("it makes no sense");
        assert!(told(&error).contains("understand the URL"), "{url}: {}", told(&error));
    }
    let error = Nats::options().prefix("a.b").connect("nats://127.0.0.1:1").await;
    assert!(error.is_err(), "a prefix is one token");
}
