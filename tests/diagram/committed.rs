//! The test helper for committed files: it passes, tells, says what to do, and does it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use actum::testing::up_to_date;

/// The variables by which a run of this test in a process of its own is told what to check.
const FILE: &str = "ACTUM_TESTS_FILE";
const TEXT: &str = "ACTUM_TESTS_TEXT";

/// A file in a folder of its own.
fn file(content: Option<&str>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("docs").join("flow.mmd");
    if let Some(content) = content {
        fs::create_dir_all(folder.path().join("docs")).expect("a folder");
        fs::write(&file, content).expect("written");
    }
    (folder, file)
}

/// What a process with or without the variable says; whether it passes.
fn run(file: &Path, text: &str, is_update: bool) -> (bool, String) {
    let mut command = Command::new(env::current_exe().expect("the test's path"));
    command.args(["--exact", "committed::in_a_process_of_its_own", "--nocapture"]);
    command.env(FILE, file).env(TEXT, text).env_remove("ACTUM_UPDATE");
    if is_update {
        command.env("ACTUM_UPDATE", "1");
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(String::from_utf8_lossy(&output.stdout).contains("running 1 test"), "{said}");
    (output.status.success(), said)
}

/// Only what the other tests start has something to check.
#[test]
fn in_a_process_of_its_own() {
    if let (Ok(file), Ok(text)) = (env::var(FILE), env::var(TEXT)) {
        up_to_date(file, &text);
    }
}

#[test]
fn a_committed_file_passes_whatever_ends_its_lines() {
    let (_folder, file) = file(Some("flowchart LR\r\n    a --> b"));
    let (passes, said) = run(&file, "flowchart LR\n    a --> b\n", false);
    assert!(passes, "{said}");
}

#[test]
fn an_outdated_file_is_told_with_the_lines_around_the_change() {
    let (_folder, file) = file(Some("1\n2\n3\n4\n5\nold\n6\n7\n8\n9\n10\n11\n"));
    let (passes, said) = run(&file, "1\n2\n3\n4\n5\nnew\n6\n7\n8\n9\n10\n11\n", false);
    assert!(!passes);
    assert!(said.contains("committed.rs:"), "it names the line of the test: {said}");
    assert!(said.contains("flow.mmd is out of date"), "{said}");
    assert!(said.contains("ACTUM_UPDATE=1"), "{said}");
    assert!(said.contains("\n  …\n  3\n  4\n  5\n- old\n+ new\n  6\n  7\n  8\n  …\n"), "{said}");
    let kept = fs::read_to_string(&file).expect("it is there");
    assert!(kept.contains("old"), "nothing is written unasked");
}

#[test]
fn a_missing_file_is_told() {
    let (_folder, file) = file(None);
    let (passes, said) = run(&file, "flowchart LR\n", false);
    assert!(!passes && said.contains("is not there") && said.contains("ACTUM_UPDATE=1"), "{said}");
    assert!(!file.exists());
}

#[test]
fn a_file_is_written_where_that_is_asked_for() {
    for before in [None, Some("old\n")] {
        let (_folder, file) = file(before);
        let (passes, said) = run(&file, "flowchart LR\n", true);
        assert!(passes, "{said}");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "flowchart LR\n");
    }
}
