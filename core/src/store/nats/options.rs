//! How to connect: the log's place, how it is kept, who asks.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_nats::{ConnectOptions, ServerAddr, jetstream};

use crate::{
    Result,
    store::nats::{
        Nats,
        address::{Address, odd},
        failure,
        heads::Heads,
        jetstream::JetStream,
        names::Names,
        news::News,
        setup,
        shared::Shared,
    },
};

/// How long one server may be silent before the request is sent again.
const SILENCE: Duration = Duration::from_secs(2);

/// Where JetStream keeps a log that is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// In files, which survive a restart.
    #[default]
    File,
    /// In memory: what only survives as long as enough replicas run.
    Memory,
}

/// How to connect to NATS; made by [`Nats::options`].
///
/// What is said here of a log counts when it is made: a log that is there stays as it is.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `connect`"]
pub struct NatsOptions {
    prefix: String,
    name: String,
    pub(super) replicas: usize,
    pub(super) storage: Storage,
    pub(super) cluster: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) patience: Duration,
    who: Who,
    requires_tls: bool,
    authorities: Option<PathBuf>,
    certificate: Option<(PathBuf, PathBuf)>,
}

/// Who asks.
#[derive(Clone)]
enum Who {
    /// Nobody, or whoever the URL names.
    Url,
    User(String, String),
    Token(String),
    Nkey(String),
    Credentials(PathBuf),
}

/// Secrets are not shown.
impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("as the URL says"),
            Self::User(name, _) => write!(f, "user {name}"),
            Self::Token(_) => f.write_str("a token"),
            Self::Nkey(_) => f.write_str("an nkey"),
            Self::Credentials(file) => write!(f, "credentials in {}", file.display()),
        }
    }
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            prefix: "actum".to_owned(),
            name: "actum".to_owned(),
            replicas: 1,
            storage: Storage::File,
            cluster: None,
            tags: Vec::new(),
            patience: Duration::from_secs(15),
            who: Who::Url,
            requires_tls: false,
            authorities: None,
            certificate: None,
        }
    }
}

impl NatsOptions {
    /// What the log's subjects and JetStream streams begin with; `actum` unless set here or in the
    /// URL (`?prefix=…`). Each prefix is a log of its own.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// What the servers show as the name of this client.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// On how many servers a new log is kept: 1, 3 or 5; 1 unless set here or in the URL
    /// (`?replicas=3`). With 3 it goes on while one of them is down.
    pub fn replicas(mut self, servers: usize) -> Self {
        self.replicas = servers;
        self
    }

    /// Where a new log is kept; in files unless set here or in the URL (`?storage=memory`).
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// In which cluster a new log is kept; or in the URL (`?cluster=…`).
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.cluster = Some(name.into());
        self
    }

    /// Adds a tag that the servers of a new log must have; or in the URL (`?tag=…`).
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// How long the cluster is asked again when it does not answer, as while it elects a leader,
    /// before the caller hears of it; 15 seconds unless set here or in the URL (`?patience=15`).
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Logs in with a name and a password; or in the URL (`nats://user:password@…`).
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.who = Who::User(name.into(), password.into());
        self
    }

    /// Logs in with a token; or in the URL (`nats://token@…`).
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.who = Who::Token(token.into());
        self
    }

    /// Logs in with an nkey, by its seed.
    pub fn nkey(mut self, seed: impl Into<String>) -> Self {
        self.who = Who::Nkey(seed.into());
        self
    }

    /// Logs in with a credentials file; or in the URL (`?creds=…`).
    pub fn credentials(mut self, file: impl Into<PathBuf>) -> Self {
        self.who = Who::Credentials(file.into());
        self
    }

    /// Talks over TLS or not at all; or in the URL (`tls://…`). The server is always checked.
    pub fn tls(mut self) -> Self {
        self.requires_tls = true;
        self
    }

    /// Takes servers whose certificate is signed by an authority in this PEM file, beside those
    /// that the system knows; or in the URL (`?ca=…`). It implies [`tls`](Self::tls).
    pub fn authorities(mut self, file: impl Into<PathBuf>) -> Self {
        self.authorities = Some(file.into());
        self
    }

    /// Shows the servers a certificate, by its PEM file and that of its key.
    pub fn certificate(mut self, file: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.certificate = Some((file.into(), key.into()));
        self
    }

    /// Connects, and makes the log unless it is there.
    ///
    /// # Errors
    ///
    /// The URL or an option makes no sense, no server can be reached, one is older than NATS 2.12
    /// or has no JetStream, or there are JetStream streams of these names that are no log.
    pub async fn connect(mut self, url: &str) -> Result<Nats> {
        let address = Address::parse(url)?;
        for (name, value) in &address.settings {
            self.set(name, value)?;
        }
        let names = Names::new(&self.prefix)?;
        let mut servers = Vec::new();
        for server in &address.servers {
            let server: ServerAddr = server
                .parse()
                .map_err(|source: std::io::Error| failure::to("understand the URL", source))?;
            servers.push(server);
        }
        let client = self.client().await?.connect(servers).await;
        let client = client.map_err(|source| failure::to("connect", source))?;
        setup::check(&client)?;
        let context = jetstream::new(client.clone());
        setup::run(&context, &names, &self).await?;
        let news = News::start(&client, names.news()).await?;
        let log = JetStream::new(&context, names.log(), self.patience).await?;
        let state = JetStream::new(&context, names.state(), self.patience).await?;
        Ok(Nats(Arc::new(Shared { names, log, state, heads: Heads::new(), news })))
    }

    /// Takes a setting from the URL.
    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let number = || value.parse().map_err(|_| odd(name, value, "it is no number"));
        match name {
            "prefix" => value.clone_into(&mut self.prefix),
            "replicas" => self.replicas = number()?,
            "storage" => {
                self.storage = match value {
                    "file" => Storage::File,
                    "memory" => Storage::Memory,
                    _ => return Err(odd(name, value, "known are `file` and `memory`")),
                }
            }
            "cluster" => self.cluster = Some(value.to_owned()),
            "tag" => self.tags.push(value.to_owned()),
            "patience" => self.patience = Duration::from_secs(number()? as u64),
            "creds" => self.who = Who::Credentials(value.into()),
            "ca" => self.authorities = Some(value.into()),
            _ => {
                let known = "known are `prefix`, `replicas`, `storage`, `cluster`, `tag`, \
                             `patience`, `creds` and `ca`";
                return Err(odd(name, value, known));
            }
        }
        Ok(())
    }

    async fn client(&self) -> Result<ConnectOptions> {
        let mut options = ConnectOptions::new()
            .name(&self.name)
            .request_timeout(Some(SILENCE))
            .connection_timeout(SILENCE)
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempts| {
                // The servers of a cluster are tried in turn; the first failures cost no time.
                let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
                Duration::from_millis(20).saturating_mul(attempts).min(Duration::from_secs(1))
            });
        options = match self.who.clone() {
            Who::Url => options,
            Who::User(name, password) => options.user_and_password(name, password),
            Who::Token(token) => options.token(token),
            Who::Nkey(seed) => options.nkey(seed),
            Who::Credentials(file) => {
                let read = options.credentials_file(&file).await;
                let action = || format!("read the credentials in `{}`", file.display());
                read.map_err(|source| failure::to(action(), source))?
            }
        };
        if let Some(file) = &self.authorities {
            options = options.add_root_certificates(file.clone()).require_tls(true);
        }
        if let Some((file, key)) = &self.certificate {
            options = options.add_client_certificate(file.clone(), key.clone());
        }
        Ok(if self.requires_tls { options.require_tls(true) } else { options })
    }
}
