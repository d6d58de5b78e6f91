//! NATS servers for tests: alone or as a cluster on loopback, killed, paused and started again.
//!
//! They are started from the binary that `ACTUM_NATS_SERVER` names, with ports and folders of
//! their own, and end with the test program, however that ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{server::port, service};

/// Starts a server, tells its process id, and ends it once nobody holds the other end of the pipe.
const KEEPER: &str = r#""$0" -c "$1" >> "$2" 2>&1 & echo $!; read -r _; kill -9 $! ; wait; [ -z "$3" ] || rm -rf "$3""#;

/// Servers that know each other; one alone is no cluster.
pub struct Servers {
    folder: Folder,
    binary: String,
    nodes: Vec<Node>,
}

enum Folder {
    /// Goes with the servers.
    Own(tempfile::TempDir),
    /// Goes with the program: the keeper of the one server removes it.
    Kept(PathBuf),
}

struct Node {
    port: u16,
    /// Where the others reach it: in clusters, and not where it listens if a proxy is between.
    route: u16,
    keeper: Option<Child>,
    process: u32,
}

impl Servers {
    /// Starts so many servers; `None` where there is no binary.
    ///
    /// # Panics
    ///
    /// They do not start.
    pub fn start(count: usize) -> Option<Self> {
        let binary = service::address("ACTUM_NATS_SERVER")?;
        let folder = Folder::Own(tempfile::tempdir().expect("a folder"));
        Some(Self::at(binary, folder, count))
    }

    /// The one server that all tests of this program share, for those that leave it alone.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Servers> = OnceLock::new();
        let binary = service::address("ACTUM_NATS_SERVER")?;
        Some(SHARED.get_or_init(|| {
            let folder = tempfile::tempdir().expect("a folder").keep();
            Self::at(binary, Folder::Kept(folder), 1)
        }))
    }

    fn at(binary: String, folder: Folder, count: usize) -> Self {
        let node = |_| Node { port: port(), route: port(), keeper: None, process: 0 };
        let nodes = (0..count).map(node).collect();
        let mut servers = Self { folder, binary, nodes };
        for at in 0..count {
            servers.up(at);
        }
        servers
    }

    /// Where clients find them.
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("nats://{}", hosts.join(","))
    }

    /// Where clients find one of them.
    pub fn url_of(&self, at: usize) -> String {
        format!("nats://127.0.0.1:{}", self.nodes[at].port)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The number of the server with a name.
    pub fn named(&self, name: &str) -> Option<usize> {
        (0..self.count()).find(|at| name_of(*at) == name)
    }

    /// Starts a server, on its old port and folder, and waits until it takes connections.
    pub fn up(&mut self, at: usize) {
        if self.nodes[at].keeper.is_some() {
            return;
        }
        let root = match &self.folder {
            Folder::Own(folder) => folder.path().to_owned(),
            Folder::Kept(folder) => folder.clone(),
        };
        let (name, config) = (name_of(at), root.join(format!("{}.conf", name_of(at))));
        fs::write(&config, self.configuration(at, &root.join(&name))).expect("a configuration");
        let kept = matches!(self.folder, Folder::Kept(_)).then_some(&*root);
        let mut keeper = Command::new("sh")
            .arg("-c")
            .arg(KEEPER)
            .arg(&self.binary)
            .arg(&config)
            .arg(root.join(format!("{name}.log")))
            .arg(kept.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let said = keeper.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("a process id");
        self.nodes[at].process = line.trim().parse().expect("a process id");
        self.nodes[at].keeper = Some(keeper);
        let port = self.nodes[at].port;
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = root.join(format!("{name}.log"));
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "{name} does not start: {}", said());
            sleep(Duration::from_millis(10));
        }
    }

    fn configuration(&self, at: usize, folder: &Path) -> String {
        let Node { port, route, .. } = self.nodes[at];
        let mut text = format!(
            "listen: 127.0.0.1:{port}\nserver_name: {}\nmax_payload: 8MB\n\
             jetstream {{ store_dir: {folder:?}, limits {{ batch {{ max_msgs: 10000 }} }} }}\n",
            name_of(at)
        );
        if self.count() > 1 {
            let routes: Vec<_> =
                self.nodes.iter().map(|node| format!("nats://127.0.0.1:{}", node.route)).collect();
            text += &format!(
                "cluster {{ name: actum, listen: 127.0.0.1:{route}, routes: [{}] }}\n",
                routes.join(", ")
            );
        }
        text
    }

    /// Ends a server at once, wherever it stands.
    pub fn kill(&mut self, at: usize) {
        self.signal(at, "KILL");
        self.reap(at);
    }

    /// Ends a server as an operator does; it waits until it has ended.
    pub fn stop(&mut self, at: usize) {
        self.signal(at, "TERM");
        // It stays as a zombie until its keeper waits for it.
        let status = format!("/proc/{}/stat", self.nodes[at].process);
        while fs::read_to_string(&status).is_ok_and(|text| !text.contains(") Z ")) {
            sleep(Duration::from_millis(20));
        }
        self.reap(at);
    }

    /// Lets a server stand still.
    pub fn pause(&self, at: usize) {
        self.signal(at, "STOP");
    }

    /// Lets it go on.
    pub fn resume(&self, at: usize) {
        self.signal(at, "CONT");
    }

    /// Whether a server was started and not ended since.
    #[must_use]
    pub fn is_up(&self, at: usize) -> bool {
        self.nodes[at].keeper.is_some()
    }

    fn signal(&self, at: usize, signal: &str) {
        let process = self.nodes[at].process.to_string();
        if self.is_up(at) {
            let sent = Command::new("kill").args([&format!("-{signal}"), &*process]).status();
            assert!(sent.is_ok_and(|status| status.success()), "{signal} to {}", name_of(at));
        }
    }

    fn reap(&mut self, at: usize) {
        if let Some(mut keeper) = self.nodes[at].keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("the shell ends");
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for at in 0..self.count() {
            self.reap(at);
        }
    }
}

fn name_of(at: usize) -> String {
    format!("node-{at}")
}
