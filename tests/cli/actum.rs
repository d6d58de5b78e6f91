//! Runs the built binary.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use serde_json::Value;

/// The built binary: in the target folder and profile of this test.
static ACTUM: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().expect("the test's path");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/test");
    let target = profile.parent().expect("the target folder");
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "actum", "--features", "cli", "--bin", "actum"])
        .args(["--profile", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the binary does not build");
    profile.join(format!("actum{}", std::env::consts::EXE_SUFFIX))
});

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
    let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}"));
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
