//! Other processes: this test binary started again with a role, which talks in lines on its
//! standard output.

use std::{
    env,
    future::Future,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

use tokio::runtime::Builder;

use super::{PATIENCE, disk, kill, racing};

const ROLE: &str = "ACTUM_HAZARDS_ROLE";
const FILE: &str = "ACTUM_HAZARDS_FILE";
const NUMBER: &str = "ACTUM_HAZARDS_NUMBER";

/// What stands before each line, as the test harness prints as well.
const MARK: &str = "=> ";

/// A process at work.
pub struct Helper {
    child: Child,
    lines: JoinHandle<Vec<String>>,
}

impl Helper {
    /// Starts a process in a role on a file.
    pub fn start(role: &str, file: &Path, number: u64) -> Self {
        Self::start_watched(role, file, number, |_| {})
    }

    /// Starts a process; each line is shown as it comes.
    pub fn start_watched(
        role: &str,
        file: &Path,
        number: u64,
        mut seen: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        let mut command = Command::new(env::current_exe().expect("this binary"));
        command.args(arguments());
        Self::run(command, role, file, number, move |line| seen(line))
    }

    /// Starts a process in a mount namespace of its own, after some shell commands.
    pub fn start_mounted(setup: &str, role: &str, file: &Path) -> Self {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-ec"]);
        command.arg(format!("{setup}\nexec \"$0\" \"$@\""));
        command.arg(env::current_exe().expect("this binary")).args(arguments());
        Self::run(command, role, file, 0, |_| {})
    }

    fn run(
        mut command: Command,
        role: &str,
        file: &Path,
        number: u64,
        mut seen: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        command.env(ROLE, role).env(FILE, file).env(NUMBER, number.to_string());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
        let mut pipe = BufReader::new(child.stdout.take().expect("a pipe"));
        let lines = thread::spawn(move || {
            let mut lines = Vec::new();
            let mut line = String::new();
            while pipe.read_line(&mut line).expect("text") > 0 {
                // A line that was cut off says nothing.
                if let Some((_, said)) = line.split_once(MARK)
                    && said.ends_with('\n')
                {
                    seen(said.trim_end());
                    lines.push(said.trim_end().to_owned());
                }
                line.clear();
            }
            lines
        });
        Self { child, lines }
    }

    /// Ends it as `kill -9` does; what it had said.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
        self.lines.join().expect("all lines")
    }

    /// Waits until it ends well; what it said.
    pub fn finish(mut self) -> Vec<String> {
        let lines = self.lines.join().expect("all lines");
        let status = self.child.wait().expect("it is ours");
        assert!(status.success(), "{status}: {lines:#?}");
        lines
    }
}

fn arguments() -> [&'static str; 4] {
    ["--exact", "process::plays_the_role_it_is_given", "--nocapture", "--test-threads=1"]
}

/// Says a line to the parent, at once and whole.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{MARK}{line}\n").as_bytes()).expect("the parent listens");
    out.flush().expect("the parent listens");
}

/// Where a process that was started as a helper does its part; in the parent there is none.
#[test]
fn plays_the_role_it_is_given() {
    let Ok(role) = env::var(ROLE) else { return };
    let file = PathBuf::from(env::var(FILE).expect("a file"));
    let number = env::var(NUMBER).expect("a number").parse().expect("a number");
    match role.as_str() {
        "append" => run(kill::append(file, number)),
        "act" => run(kill::act(file, number)),
        "race" => run(racing::race(file, number)),
        "count" => run(racing::count(file, number)),
        "fill" => run(disk::fill(file)),
        "prepare" => run(disk::prepare(file)),
        "write" => run(disk::write(file)),
        other => panic!("no role is named {other}"),
    }
}

fn run(role: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let role = async { tokio::time::timeout(2 * PATIENCE, role).await };
    runtime.expect("a runtime").block_on(role).expect("it comes to an end");
}
