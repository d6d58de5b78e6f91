//! Opens connections, and creates or checks the file's schema.
//!
//! Nothing is written to a file that is not known to be ours or empty.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{failure::Failure, guard::Guard, lock};

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
    migrate(&connection, path, busy)?;
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
fn migrate(connection: &Connection, path: &Path, busy: Duration) -> Result<(), Failure> {
    connection.busy_timeout(Duration::ZERO)?;
    // Whoever holds the lock may be the one who migrates, and goes on to write: looking again
    // before each try, nobody waits for a lock that is no longer needed.
    let transaction = lock::retry(busy, || {
        if check(connection, path)? == VERSION {
            return Ok(None);
        }
        let behavior = TransactionBehavior::Immediate;
        Ok(Some(Transaction::new_unchecked(connection, behavior)?))
    })?;
    connection.busy_timeout(busy)?;
    let Some(transaction) = transaction else { return Ok(()) };
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_new_file_opens_while_another_process_goes_on_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let writer = Connection::open(&path).unwrap();
        enter_wal(&writer, Duration::ZERO).unwrap();
        lock::begin(&writer, Duration::ZERO).unwrap();
        let (answers, answered) = mpsc::channel();
        let opener = {
            let path = path.clone();
            thread::spawn(move || {
                answers.send(None).unwrap();
                let outcome =
                    open_writer(&path, Duration::from_mins(10), &Guard::default()).map(drop);
                answers.send(Some(outcome)).unwrap();
            })
        };
        assert!(answered.recv().unwrap().is_none());
        for (_, migration) in MIGRATIONS {
            writer.execute_batch(migration).unwrap();
        }
        writer.pragma_update(None, "application_id", APPLICATION).unwrap();
        writer.pragma_update(None, "user_version", VERSION).unwrap();
        writer.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
        let outcome = answered.recv_timeout(Duration::from_secs(30)).expect("it waits in vain");
        outcome.expect("an outcome").expect("it opens");
        writer.execute_batch("COMMIT").unwrap();
        opener.join().unwrap();
    }
}
