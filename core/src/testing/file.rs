//! Files that are written by the program and committed with it.

use std::{env, fs, io, path::Path};

use super::compare::{difference, fail};

/// The variable that has outdated files written anew.
const VARIABLE: &str = "ACTUM_UPDATE";

/// So many lines around a change are shown.
const AROUND: usize = 3;

/// Fails when a committed file does not have this text, with the difference and what to do.
///
/// With `ACTUM_UPDATE=1` the file is written instead. The path counts from the package's folder,
/// where `cargo test` runs a test. How lines end makes no difference.
///
/// ```
/// use actum::{diagram, prelude::*, testing::up_to_date};
///
/// # let folder = std::env::temp_dir().join(format!("actum-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let file = folder.join("flow.mmd");
/// # std::fs::write(&file, "flowchart LR\n")?;
/// let model = App::new(Memory::new()).model(); // with your aggregates
/// # let path = "docs/flow.mmd";
/// # let path = file;
/// up_to_date(path, &diagram::board(&model).mermaid());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn up_to_date(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    let found = match fs::read_to_string(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => fail(format_args!("{} cannot be read: {error}", path.display())),
    };
    if found.as_ref().is_some_and(|found| found.lines().eq(text.lines())) {
        return;
    }
    if env::var(VARIABLE).is_ok_and(|value| value == "1") {
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| fs::write(path, text)) {
            fail(format_args!("{} cannot be written: {error}", path.display()));
        }
        return;
    }
    let hint = format!("set {VARIABLE}=1 and run the test again to write it, then commit it");
    match found {
        None => fail(format_args!("{} is not there; {hint}", path.display())),
        Some(found) => fail(format_args!(
            "{} is out of date (- in the file, + as it should be); {hint}\n{}",
            path.display(),
            changes(&found, text),
        )),
    }
}

/// The difference, without what is far from any change.
fn changes(found: &str, text: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let all = difference(&lines(found), &lines(text));
    let all: Vec<&str> = all.lines().collect();
    let mut shown = String::new();
    let mut is_left_out = false;
    for place in 0..all.len() {
        let around = all.iter().skip(place.saturating_sub(AROUND));
        let reach = AROUND + 1 + place.min(AROUND);
        if around.take(reach).any(|line| !line.starts_with(' ')) {
            shown.push_str(all.get(place).copied().unwrap_or_default());
            shown.push('\n');
            is_left_out = false;
        } else if !is_left_out {
            shown.push_str("  …\n");
            is_left_out = true;
        }
    }
    shown
}
