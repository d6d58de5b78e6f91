//! Runs the built binary.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use serde_json::Value;

static ACTUM: LazyLock<PathBuf> = LazyLock::new(actum_tests::built::command);

/// The command, without a store of the environment.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(&*ACTUM);
    command.args(args).env_remove("ACTUM_STORE").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub error: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("text"),
            error: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// Runs the command on a store, to its end.
pub fn ran(store: &str, args: &[&str]) -> Ran {
    command(args).env("ACTUM_STORE", store).output().expect("it runs").into()
}

/// As `ran`, which must end with 0; what it printed.
pub fn printed(store: &str, args: &[&str]) -> String {
    let ran = ran(store, args);
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    ran.out
}

/// As `printed`, as JSON, one value a line.
pub fn values(store: &str, args: &[&str]) -> Vec<Value> {
    let printed = printed(store, &[args, &["--format", "json"]].concat());
    let value =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}"));
    printed.lines().map(value).collect()
}

/// Runs the command with this on its standard input.
pub fn fed(store: &str, args: &[&str], input: &[u8]) -> Ran {
    let mut command = command(args);
    command.env("ACTUM_STORE", store).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        // It may end before it has read all.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("it ends").into()
    })
}
