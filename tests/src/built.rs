//! Programs of the workspace that tests run as processes.

use std::{
    env::{self, consts::EXE_SUFFIX},
    path::{Path, PathBuf},
    process::Command,
};

/// Builds an example in the target folder and the profile of this test; where it is.
///
/// # Panics
///
/// It does not build.
pub fn example(name: &str) -> PathBuf {
    let profile = built(&["-p", "actum-examples", "--example", name]);
    profile.join("examples").join(format!("{name}{EXE_SUFFIX}"))
}

/// Builds the command `actum` in the same way; where it is.
///
/// # Panics
///
/// It does not build.
pub fn command() -> PathBuf {
    let profile = built(&["-p", "actum", "--features", "cli", "--bin", "actum"]);
    profile.join(format!("actum{EXE_SUFFIX}"))
}

/// The folder of the profile, once that is built.
fn built(what: &[&str]) -> PathBuf {
    let test = env::current_exe().expect("the test's path");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/test");
    let target = profile.parent().expect("the target folder");
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet"])
        .args(what)
        .args(["--profile", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{what:?} does not build");
    profile.to_owned()
}
