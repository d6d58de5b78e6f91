//! A PostgreSQL server of one's own: for tests that stop it, or set it up in another way.
//!
//! It lives in a temporary folder, listens on a port of its own, and goes with its value.

use std::{
    env,
    fs::{self, File},
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::service;

/// A running server, unless it was stopped.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    user: Option<(u32, u32)>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ends all sessions, then writes everything out.
    Fast,
    /// As if it had crashed: it recovers at the next start.
    Immediate,
}

impl Server {
    /// Sets a server up and starts it, with further settings (`"name = value"`).
    ///
    /// `ACTUM_POSTGRES_BIN` names the folder of its programs, unless it is where Debian keeps it.
    /// `None` where there are none; see [`service::missing`].
    ///
    /// # Panics
    ///
    /// When the programs are there and do not work.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let Some(programs) = programs() else {
            service::missing("set ACTUM_POSTGRES_BIN to the folder of PostgreSQL's `initdb`");
            return None;
        };
        let folder = TempDir::new().expect("a temporary folder");
        let server = Self { programs, folder, port: port(), user: user() };
        if let Some((user, group)) = server.user {
            chown(server.folder(), Some(user), Some(group)).expect("the folder changes hands");
        }
        let data = server.data();
        let encoding = ["--encoding=UTF8", "--locale=C", "--username=postgres", "--auth=trust"];
        server.run("initdb", &[&["--no-sync", "--pgdata", &data][..], &encoding].concat());
        let own = [
            format!("port = {}", server.port),
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("unix_socket_directories = '{}'", server.folder().display()),
        ];
        server.set(&own.each_ref().map(String::as_str));
        server.set(settings);
        server.up();
        Some(server)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// A folder that the server may read, gone when the server goes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it again, and waits until it takes connections.
    pub fn up(&self) {
        let (data, log) = (self.data(), self.log().display().to_string());
        self.run("pg_ctl", &["start", "--wait", "--pgdata", &data, "--log", &log]);
    }

    /// Stops it, and waits until it is gone.
    pub fn stop(&self, how: Stop) {
        let mode = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        self.run("pg_ctl", &["stop", "--wait", "--pgdata", &self.data(), "--mode", mode]);
    }

    /// Sets it up in another way, and starts it again.
    pub fn configure(&self, settings: &[&str]) {
        self.stop(Stop::Fast);
        self.set(settings);
        self.up();
    }

    /// Who may connect from now on, as lines of `pg_hba.conf`.
    pub fn admit(&self, lines: &str) {
        fs::write(Path::new(&self.data()).join("pg_hba.conf"), lines).expect("a file is written");
        self.run("pg_ctl", &["reload", "--pgdata", &self.data()]);
    }

    /// Gives a file to the user that the server runs as.
    pub fn own(&self, file: &Path) {
        if let Some((user, group)) = self.user {
            chown(file, Some(user), Some(group)).expect("the file changes hands");
        }
    }

    fn set(&self, settings: &[&str]) {
        let file = Path::new(&self.data()).join("postgresql.auto.conf");
        let mut text = fs::read_to_string(&file).unwrap_or_default();
        for setting in settings {
            text.extend([setting, "\n"]);
        }
        fs::write(file, text).expect("the settings are written");
    }

    fn data(&self) -> String {
        self.folder().join("data").display().to_string()
    }

    fn log(&self) -> PathBuf {
        self.folder().join("log")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        // The server inherits what it writes to, so a pipe would stay open as long as it runs.
        let said = self.folder().join("said");
        let (out, error) =
            (File::create(&said).expect("a file"), File::create(&said).expect("a file"));
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.folder()).stdin(Stdio::null());
        command.stdout(out).stderr(error);
        if let Some((user, group)) = self.user {
            command.gid(group).uid(user);
        }
        let status = command.status().expect("the program starts");
        let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
        assert!(status.success(), "{program}: {}\n{}", read(&said), read(&self.log()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.stop(Stop::Immediate);
        }
    }
}

/// The newest programs that are installed.
fn programs() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("ACTUM_POSTGRES_BIN") {
        return Some(folder.into());
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let version = |name: &std::ffi::OsStr| name.to_str()?.parse::<u32>().ok();
    let newest = versions.filter(|entry| version(&entry.file_name()).is_some());
    let newest = newest.max_by_key(|entry| version(&entry.file_name()))?;
    Some(newest.path().join("bin")).filter(|programs| programs.join("initdb").exists())
}

/// A free port below those that outgoing connections get: a client that asks a stopped server
/// again and again would sooner or later be given the server's own port.
pub(crate) fn port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(20_000..32_000)).find(free).expect("ports are endless")
}

/// The server refuses to run as root; there it runs as the user `postgres`.
fn user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    (id(&["-u"])? == 0).then_some(())?;
    Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?))
}
