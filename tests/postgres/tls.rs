//! TLS against a server with a certificate of its own: who is checked, and who is refused.

use std::{fs, path::Path, process::Command};

use actum::store::{Expected, Log as _, Postgres, Query};
use actum_tests::server::Server;

use crate::log::{batch, ids};

#[tokio::test(flavor = "multi_thread")]
async fn verify_full_takes_only_the_host_and_the_authority_it_was_told() {
    let Some(server) = Server::start(&["log_min_messages = fatal"]) else { return };
    certify(&server);
    let (front, rest) = server.url().split_once("127.0.0.1").map(owned).expect("a host");
    let at = |host: &str, query: &str| format!("{front}{host}{rest}?{query}");
    let root = |file: &str| {
        let path = server.folder().join(file).display().to_string().replace('/', "%2F");
        format!("sslmode=verify-full&sslrootcert={path}")
    };
    // Who is not who it should be, and whom nobody vouches for.
    for (refused, why) in [
        (at("127.0.0.1", &root("ca.crt")), "another host name"),
        (at("localhost", &root("other.crt")), "another authority"),
        (at("localhost", "sslmode=verify-full"), "an authority that the system does not know"),
    ] {
        assert!(Postgres::connect(&refused).await.is_err(), "{why} was taken");
    }
    let store = Postgres::connect(&at("localhost", &root("ca.crt"))).await.expect("a store");
    for name in ["Cart-1", "Cart-2"] {
        store.append(batch(name, Expected::Empty)).await.expect("appended");
    }
    assert_eq!(ids(&store, Query::all()).await, [1, 2]);
    // Encrypted, whoever it is; and the server, which wants that, refuses what is not.
    Postgres::connect(&at("127.0.0.1", "sslmode=require")).await.expect("a store");
    assert!(Postgres::connect(&at("127.0.0.1", "sslmode=disable")).await.is_err());
}

fn owned((front, rest): (&str, &str)) -> (String, String) {
    (front.to_owned(), rest.to_owned())
}

/// An authority, a certificate from it for `localhost`, and another authority; the server takes
/// only what is encrypted from now on.
fn certify(server: &Server) {
    let folder = server.folder();
    for name in ["ca", "other"] {
        let subject = format!("/CN={name}");
        let (key, file) = (format!("{name}.key"), format!("{name}.crt"));
        let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
        openssl(folder, &[&new[..], &["-subj", &subject, "-keyout", &key, "-out", &file]].concat());
    }
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
    openssl(folder, &[&new[..], &["-keyout", "server.key", "-out", "server.csr"]].concat());
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost").expect("a file");
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key"];
    let rest = ["-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt"];
    openssl(folder, &[&sign[..], &rest[..]].concat());
    server.own(&folder.join("server.key"));
    server.own(&folder.join("server.crt"));
    server.configure(&[
        "ssl = on",
        &format!("ssl_cert_file = '{}'", folder.join("server.crt").display()),
        &format!("ssl_key_file = '{}'", folder.join("server.key").display()),
    ]);
    server.admit("hostssl all all all trust\n");
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    let output = output.expect("the program `openssl` is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
