//! Keeps the methods of projections within the transaction that is lent to them.
//!
//! It stands at the connection that writes. While a projection's method runs, no statement may
//! begin or end a transaction, change what belongs to the store, or set up the connection; and
//! should a transaction end all the same, SQLite is told to roll it back.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};

use super::{failure::Failure, schema};

/// What begins the names of the store's savepoints.
pub(super) const SAVEPOINT: &str = "actum";

/// Pragmas that only tell, or that end with the transaction.
const HARMLESS: [&str; 9] = [
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Whether a projection's method is at work, and what it was refused; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard(Arc<State>);

#[derive(Debug, Default)]
struct State {
    lent: AtomicBool,
    refused: Mutex<Option<String>>,
}

/// While it lives, the connection is lent to a projection.
pub(super) struct Lent<'a>(&'a Guard);

impl Guard {
    /// Stands at a connection from now on.
    pub(super) fn stand(&self, connection: &mut Connection) -> Result<(), Failure> {
        let own = schema::tables()?;
        let guard = self.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if !guard.is_lent() {
                return Authorization::Allow;
            }
            match refusal(&context.action, &own) {
                None => Authorization::Allow,
                Some(why) => {
                    guard.refuse(why);
                    Authorization::Deny
                }
            }
        }))?;
        let guard = self.clone();
        connection.commit_hook(Some(move || {
            let lent = guard.is_lent();
            if lent {
                guard.refuse("it may not commit: the transaction is the projection's".to_owned());
            }
            lent
        }))?;
        Ok(())
    }

    /// Lends the connection to a projection.
    pub(super) fn lend(&self) -> Lent<'_> {
        self.refused().take();
        self.0.lent.store(true, Relaxed);
        Lent(self)
    }

    fn is_lent(&self) -> bool {
        self.0.lent.load(Relaxed)
    }

    fn refuse(&self, why: String) {
        self.refused().get_or_insert(why);
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// What was refused since the last call.
    pub(super) fn refusal(&self) -> Option<String> {
        self.0.refused().take()
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.0.lent.store(false, Relaxed);
    }
}

/// Why an action is refused to a projection, if it is.
fn refusal(action: &AuthAction<'_>, own: &[String]) -> Option<String> {
    use AuthAction as A;
    let table = match action {
        A::Transaction { .. } => {
            return Some("it may not begin or end a transaction: it is lent one".to_owned());
        }
        A::Savepoint { savepoint_name, .. } if savepoint_name.starts_with(SAVEPOINT) => {
            return Some(format!("the savepoint `{savepoint_name}` belongs to the store"));
        }
        A::Attach { .. } | A::Detach { .. } => {
            return Some("it may not attach or detach files".to_owned());
        }
        A::Pragma { pragma_name, pragma_value: Some(_) }
            if !HARMLESS.contains(&pragma_name.to_ascii_lowercase().as_str()) =>
        {
            return Some(format!("it may not set the pragma `{pragma_name}`"));
        }
        A::Insert { table_name }
        | A::Update { table_name, .. }
        | A::Delete { table_name }
        | A::DropTable { table_name }
        | A::AlterTable { table_name, .. }
        | A::CreateIndex { table_name, .. }
        | A::DropIndex { table_name, .. }
        | A::CreateTrigger { table_name, .. }
        | A::CreateTempTrigger { table_name, .. }
        | A::DropView { view_name: table_name } => table_name,
        _ => return None,
    };
    let is_own = own.iter().any(|own| own.eq_ignore_ascii_case(table));
    is_own.then(|| format!("it may not change `{table}`, which belongs to the store"))
}
