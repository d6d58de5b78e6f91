//! The inspector that the command line serves.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use crate::{
    actum_bin::command,
    place::{Place, fill},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_shown_to_a_browser_on_this_machine() {
    let place = Place::sqlite();
    fill(&*place.open().await, "Cart-1", 3).await;
    let mut command = command(&["inspect", "--listen", "127.0.0.1:0"]);
    let command = command.env("ACTUM_STORE", &place.url).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let ask = |host: &str| {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        let request = format!(
            "GET /stream?name=Cart-1 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    };
    let (own, foreign) = (ask(&address), ask("evil.example"));
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(own.starts_with("HTTP/1.1 200") && own.contains("Cart-1"), "{own}");
    assert!(!foreign.starts_with("HTTP/1.1 200"), "{foreign}");
}
