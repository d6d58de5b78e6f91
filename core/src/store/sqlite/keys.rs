//! The keys of personal values in a SQLite file of their own.
//!
//! What is deleted must be gone from the file: freed space is overwritten (`secure_delete`), and
//! there is a rollback journal, cut to nothing by each commit, in place of a write-ahead log that
//! would keep old pages.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::failure::Failure;
use crate::{
    Error, Result,
    privacy::{KeyState, Keys, StoredKey, Subject},
    store::BoxFuture,
};

/// `ActK`, in the file's header.
const APPLICATION: i64 = 0x4163_744b;

/// The version of the file format.
const VERSION: i64 = 1;

/// How long to wait while another process writes.
const BUSY: Duration = Duration::from_secs(10);

const COLUMNS: &str = "SELECT subject, generation, envelope, wrapped, told FROM subject_key";

/// The keys of personal values in a SQLite file of their own; clones share it.
///
/// Several processes of one machine may open the file. It is never that of the log: a copy of the
/// log must not hold the keys. Back it up apart, and let its backups go soon: what was forgotten
/// comes back with an old one.
///
/// A key that is deleted is overwritten in the file, and the journal is cut to nothing. What the
/// disk itself keeps of overwritten blocks is out of reach.
///
/// ```
/// use actum::privacy::{EnvelopeKey, SqliteKeys, Vault};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("keys.db");
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let vault = Vault::new(SqliteKeys::open(path).await?, EnvelopeKey::generate()?);
/// # let _ = vault;
/// # Ok::<(), actum::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteKeys {
    connection: Arc<Mutex<Connection>>,
    path: PathBuf,
}

impl SqliteKeys {
    /// Opens a file, or creates it.
    ///
    /// # Errors
    ///
    /// The file is something else, such as the log, or cannot be written.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let opened = {
            let path = path.clone();
            move || open(&path)
        };
        let action = format!("open the keys {}", path.display());
        let connection = apart(action, opened).await?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), path })
    }

    /// Works on the connection, off the async threads.
    async fn work<T: Send + 'static>(
        &self,
        action: &str,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        let connection = Arc::clone(&self.connection);
        let locked = move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner));
        apart(action.to_owned(), locked).await
    }
}

/// Works on a thread that may wait for the disk.
async fn apart<T: Send + 'static>(
    action: String,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(|failure| failure.into_error(action)),
        Err(source) => Err(Error::Store { store: "SQLite", action, source: Box::new(source) }),
    }
}

fn open(path: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    if connection.is_readonly("main")? {
        return Err(Failure::ReadOnly { path: path.to_owned() });
    }
    let foreign = || Failure::Foreign { path: path.to_owned() };
    check(&connection, path)
        .map_err(|failure| if failure.is_not_a_database() { foreign() } else { failure })?;
    let sql =
        "PRAGMA secure_delete = ON; PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA;";
    connection.execute_batch(sql)?;
    // Several processes may create it at once: the lock is taken before it is looked at again.
    let behavior = TransactionBehavior::Immediate;
    let transaction = Transaction::new_unchecked(&connection, behavior)?;
    check(&transaction, path)?;
    transaction.execute_batch(include_str!("keys.sql"))?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

/// Refuses a file that is neither empty nor one of keys.
fn check(connection: &Connection, path: &Path) -> Result<(), Failure> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let found = (
        number("PRAGMA application_id")?,
        number("PRAGMA user_version")?,
        number("SELECT count(*) FROM sqlite_schema")?,
    );
    match found {
        (0, 0, 0) => Ok(()),
        (APPLICATION, found, _) if found > VERSION => {
            Err(Failure::Newer { path: path.to_owned(), found, known: VERSION })
        }
        (APPLICATION, ..) => Ok(()),
        _ => Err(Failure::NotKeys { path: path.to_owned() }),
    }
}

impl Keys for SqliteKeys {
    fn find<'a>(&'a self, subjects: &'a [Subject]) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        let subjects = subjects.to_vec();
        Box::pin(self.work("find keys", move |connection| {
            let mut statement =
                connection.prepare_cached(&format!("{COLUMNS} WHERE subject = ?1"))?;
            let mut found = Vec::new();
            for subject in subjects {
                let row = statement.query_row([subject.as_str()], columns).optional()?;
                found.extend(row.map(Columns::key).transpose()?);
            }
            Ok(found)
        }))
    }

    fn replace<'a>(
        &'a self,
        before: Option<&'a StoredKey>,
        after: &'a StoredKey,
    ) -> BoxFuture<'a, Result<bool>> {
        let (before, after) = (before.cloned(), after.clone());
        Box::pin(self.work("replace a key", move |connection| {
            let StoredKey { subject, generation, state } = &after;
            let (envelope, wrapped, told) = parts(state);
            let generation = number(*generation);
            let Some(before) = before else {
                let sql = "INSERT INTO subject_key (subject, generation, envelope, wrapped, told)
                    VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
                let new = params![subject.as_str(), generation, envelope, wrapped, told];
                return Ok(connection.prepare_cached(sql)?.execute(new)? == 1);
            };
            let sql = "UPDATE subject_key
                SET generation = ?2, envelope = ?3, wrapped = ?4, told = ?5
                WHERE subject = ?1 AND generation = ?6 AND envelope IS ?7 AND wrapped IS ?8
                    AND told = ?9";
            let (was_envelope, was_wrapped, was_told) = parts(&before.state);
            let change = params![
                subject.as_str(),
                generation,
                envelope,
                wrapped,
                told,
                number(before.generation),
                was_envelope,
                was_wrapped,
                was_told
            ];
            Ok(connection.prepare_cached(sql)?.execute(change)? == 1)
        }))
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a Subject>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        let after = after.map_or(String::new(), ToString::to_string);
        Box::pin(self.work("list keys", move |connection| {
            let sql = format!("{COLUMNS} WHERE subject > ?1 ORDER BY subject LIMIT ?2");
            all(connection, &sql, params![after, number(limit)])
        }))
    }

    fn untold(&self, limit: u64) -> BoxFuture<'_, Result<Vec<StoredKey>>> {
        Box::pin(self.work("list forgotten subjects", move |connection| {
            let sql =
                format!("{COLUMNS} WHERE wrapped IS NULL AND told = 0 ORDER BY subject LIMIT ?1");
            all(connection, &sql, params![number(limit)])
        }))
    }
}

fn all(
    connection: &Connection,
    sql: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> Result<Vec<StoredKey>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, columns)?;
    rows.map(|row| row?.key()).collect()
}

/// A row.
struct Columns {
    subject: String,
    generation: i64,
    envelope: Option<String>,
    wrapped: Option<Vec<u8>>,
    told: bool,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        subject: row.get(0)?,
        generation: row.get(1)?,
        envelope: row.get(2)?,
        wrapped: row.get(3)?,
        told: row.get(4)?,
    })
}

impl Columns {
    fn key(self) -> Result<StoredKey, Failure> {
        let Self { subject, generation, envelope, wrapped, told } = self;
        let malformed = |column| Failure::Column { column };
        Ok(StoredKey {
            subject: subject.parse().map_err(|_| malformed("subject_key.subject"))?,
            generation: generation.try_into().map_err(|_| malformed("subject_key.generation"))?,
            state: match (envelope, wrapped) {
                (Some(envelope), Some(wrapped)) => KeyState::Held { envelope, wrapped },
                (None, None) => KeyState::Forgotten { told },
                _ => return Err(malformed("subject_key.wrapped")),
            },
        })
    }
}

/// Envelope, wrapped key, and whether the log was told.
fn parts(state: &KeyState) -> (Option<&str>, Option<&[u8]>, bool) {
    match state {
        KeyState::Held { envelope, wrapped } => (Some(envelope), Some(wrapped), false),
        KeyState::Forgotten { told } => (None, None, *told),
    }
}

/// Generations and limits are far below the limit.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl fmt::Debug for SqliteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteKeys").field("path", &self.path).finish_non_exhaustive()
    }
}
