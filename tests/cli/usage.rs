//! Arguments, exit codes, colours and pipes.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::{
    actum_bin::{command, printed, ran},
    place::{Place, fill},
};

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let help = printed("", &["--help"]);
    for word in ["log", "trace", "verify", "import", "Exit codes", "3  the store cannot be opened"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert_eq!(printed("", &["--version"]).trim(), format!("actum {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_makes_no_sense_ends_with_2() {
    for args in [
        &["bogus"][..],
        &["log"],
        &["log", "--store", "oracle:x"],
        &["log", "--store", "sqlite:"],
        &["stream", "no-dash-is-here-but-\u{7}", "--store", "memory"],
        &["stream", "Cart", "--store", "memory"],
        &["event", "x", "--store", "memory"],
        &["search", "--where", "sku=1", "--store", "memory"],
        &["search", "--since", "soon", "--store", "memory"],
        &["parked", "retry", "--store", "memory"],
        &["completions", "cobol"],
    ] {
        let ran = ran("", args);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{args:?}: {ran:?}");
        assert!(!ran.error.is_empty(), "{args:?}");
    }
}

#[test]
fn a_store_that_cannot_be_reached_ends_with_3_and_makes_nothing() {
    let place = Place::sqlite();
    let missing = ran(&place.url, &["log"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.error.contains("log.db"), "{missing:?}");
    assert_eq!(std::fs::read_dir(place.folder.path()).expect("a folder").count(), 0);

    let url = "postgres://postgres:secret@127.0.0.1:1/nowhere";
    let unreachable = ran(url, &["stats"]);
    assert_eq!(unreachable.code, 3, "{unreachable:?}");
    assert!(!unreachable.error.contains("secret"), "{unreachable:?}");

    let foreign = place.file("text.db");
    std::fs::write(&foreign, "this is no database, but long enough to be taken for one").expect("a file");
    assert_eq!(ran(&format!("sqlite:{foreign}"), &["log"]).code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_ends_with_1() {
    let place = Place::sqlite();
    fill(&*place.open().await, "Cart-1", 3).await;
    for args in [
        &["stream", "Cart-2"][..],
        &["stream", "Cart-1", "--from", "4"],
        &["event", "4"],
        &["trace", "none"],
        &["search", "--name", "Never"],
        &["search", "--where", "data.number=4"],
        &["views", "Sales"],
        &["projections", "Sales"],
        &["parked", "retry", "Cart-1"],
        &["parked", "list", "--reaction", "Desk"],
    ] {
        let ran = ran(&place.url, args);
        assert_eq!((ran.code, &*ran.out), (1, ""), "{args:?}: {ran:?}");
    }
    for args in [&["log"][..], &["views"], &["projections"], &["parked", "list"], &["verify"]] {
        assert_eq!(ran(&place.url, args).code, 0, "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_it_quietly() {
    let place = Place::sqlite();
    fill(&*place.open().await, "Cart-1", 20_000).await;
    for args in [&["search"][..], &["search", "--format", "json"], &["export"]] {
        let mut command = command(args);
        command.env("ACTUM_STORE", &place.url).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        reader.read_line(&mut line).expect("a line");
        drop(reader);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_colours_but_on_a_terminal() {
    let place = Place::sqlite();
    fill(&*place.open().await, "Cart-1", 1).await;
    let plain = printed(&place.url, &["log"]);
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    // `script` lends a terminal; where it is not installed, there is none to test with.
    let on_a_terminal = |no_colour: &str| {
        let actum = command(&[]).get_program().to_owned();
        let line = format!("{} log", actum.to_str().expect("a path"));
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm");
        script.env("ACTUM_STORE", &place.url).env_remove("NO_COLOR").stdin(Stdio::null());
        if !no_colour.is_empty() {
            script.env("NO_COLOR", no_colour);
        }
        script.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(coloured) = on_a_terminal("") else { return println!("skipped: no `script`") };
    assert!(coloured.contains("\u{1b}[") && coloured.contains("Cart-1"), "{coloured:?}");
    let plain = on_a_terminal("1").expect("it ran before");
    assert!(!plain.contains('\u{1b}') && plain.contains("Cart-1"), "{plain:?}");
}

#[test]
fn completions_are_there_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed("", &["completions", shell]);
        assert!(script.contains("projections") && script.contains("dry-run"), "{shell}");
    }
}
