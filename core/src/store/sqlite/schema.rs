//! Opens connections, and creates or checks the file's schema.
//!
//! Nothing is written to a file that is not known to be ours or empty.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{failure::Failure, guard::Guard};

/// `Actm`, in the file's header.
const APPLICATION: i64 = 0x4163_746d;

/// What turns a file of the version before into one of this version.
const MIGRATIONS: [(i64, &str); 1] = [(1, include_str!("schema.sql"))];

/// The newest version of the file format.
const VERSION: i64 = 1;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 64;

/// Opens the connection that writes; creates and migrates the file.
pub(super) fn open_writer(
    path: &Path,
    busy: Duration,
    guard: &Guard,
) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = open(path, flags, busy)?;
    if connection.is_readonly("main")? {
        return Err(Failure::ReadOnly { path: path.to_owned() });
    }
    check(&connection, path)?;
    connection.execute_batch(include_str!("writer.sql"))?;
    enter_wal(&connection, busy)?;
    migrate(&mut connection, path)?;
    guard.stand(&mut connection)?;
    Ok(connection)
}

/// The names of the tables and views of the newest version.
pub(super) fn tables() -> Result<Vec<String>, Failure> {
    let connection = Connection::open_in_memory()?;
    for (_, migration) in MIGRATIONS {
        connection.execute_batch(migration)?;
    }
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path, busy: Duration) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open(path, flags, busy)?;
    connection.execute_batch(include_str!("reader.sql"))?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags, busy: Duration) -> Result<Connection, Failure> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// The version of the file; 0 for one that is still empty.
fn check(connection: &Connection, path: &Path) -> Result<i64, Failure> {
    let foreign = || Failure::Foreign { path: path.to_owned() };
    // All three are read in one transaction: another process may be creating the schema.
    let header = || -> rusqlite::Result<(i64, i64, i64)> {
        let alone = connection.is_autocommit();
        let _snapshot = alone.then(|| connection.unchecked_transaction()).transpose()?;
        Ok((
            number(connection, "PRAGMA application_id")?,
            number(connection, "PRAGMA user_version")?,
            number(connection, "SELECT count(*) FROM sqlite_schema")?,
        ))
    };
    let (application, version, tables) = match header().map_err(Failure::from) {
        Err(failure) if failure.is_not_a_database() => return Err(foreign()),
        header => header?,
    };
    match (application, version, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION, found, _) if found > VERSION => {
            Err(Failure::Newer { path: path.to_owned(), found, known: VERSION })
        }
        (APPLICATION, version, _) => Ok(version),
        _ => Err(foreign()),
    }
}

/// Brings the file to the newest version; several processes may try at once.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Failure> {
    if check(connection, path)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = check(&transaction, path)?;
    for (_, migration) in MIGRATIONS.iter().filter(|(version, _)| *version > before) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Switches to the write-ahead log, for which SQLite does not wait by itself when another
/// process does the same.
fn enter_wal(connection: &Connection, busy: Duration) -> Result<(), Failure> {
    let end = Instant::now() + busy;
    loop {
        let mode = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))
            .map_err(Failure::from);
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(Failure::NotWal { mode }),
            Err(failure) if failure.is_busy() && Instant::now() < end => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(failure) => return Err(failure),
        }
    }
}

fn number(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0))
}
