//! Why a check of the lock fails, and what to do.

use std::{
    fmt::Write,
    io,
    path::{Path, PathBuf},
};

use super::{Change, What, form::OPTIONAL, known::Known, lock::Locked};

/// Why a check of the lock fails; what to do stands in its text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// There is no lock yet.
    #[error(
        "{} is not there: run this test with ACTUM_LOCK=update to write it, then commit it",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The lock is cut off, or was edited into something else.
    #[error(
        "{} is no lock that can be read: {why}; fetch it anew from version control. It is not \
         written over, for it may be all that is known of old payloads",
        path.display()
    )]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A payload cannot be made up, and none was given.
    #[error(
        "no payload of `{event}`, version {version}, can be made up ({why}): give the check one, \
         `.golden({type_name} {{ … }})`"
    )]
    NoGolden {
        /// The event.
        event: String,
        /// The version of its schema.
        version: u32,
        /// The Rust type.
        type_name: &'static str,
        /// Why.
        why: String,
    },
    /// A payload was given of a type that is no version of any event of the check.
    #[error(
        "a payload of `{type_name}` was given, but no aggregate of this check has such an event: \
         add the aggregate with `.with::<…>()`, or take the payload out"
    )]
    Foreign {
        /// The Rust type.
        type_name: &'static str,
    },
    /// The events differ from what the lock has.
    #[error("{help}")]
    Changed {
        /// What has changed.
        changes: Vec<Change>,
        /// All of it as a text, with what to do.
        help: String,
    },
}

impl Broken {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

/// What has changed, and what to do about it.
pub(super) fn help(path: &Path, changes: &[Change], old: &[Old<'_>]) -> String {
    let path = path.display();
    let (breaking, rest): (Vec<_>, Vec<_>) = changes.iter().partition(|one| one.is_breaking());
    let mut help = String::new();
    if breaking.is_empty() {
        push(&mut help, format_args!("{path} is out of date:"));
    } else {
        push(&mut help, format_args!("{path}: what is stored would no longer be read as it was:"));
    }
    for change in &breaking {
        push(&mut help, format_args!("  - {change}"));
    }
    for change in rest {
        push(&mut help, format_args!("  + {change}"));
    }
    if breaking.is_empty() {
        let advice = "What is stored can be read all the same: run this test with \
                      ACTUM_LOCK=update, and commit the file.";
        push(&mut help, format_args!("{advice}"));
        return help;
    }
    for old in old {
        old.advise(&mut help);
    }
    if breaking.iter().any(|one| one.what == What::AggregateGone) {
        let advice = "Add each aggregate of the program to the check: `.with::<Cart>()`.";
        push(&mut help, format_args!("{advice}"));
    }
    let advice = "Only if nothing of this was ever stored: ACTUM_LOCK=update accepts it.";
    push(&mut help, format_args!("{advice}"));
    help
}

/// A version that stored payloads need, and that the program would lose.
pub(super) struct Old<'a> {
    pub(super) event: &'a str,
    pub(super) version: u32,
    pub(super) locked: &'a Locked,
    /// What the program has under this name.
    pub(super) known: Option<&'a Known>,
}

impl Old<'_> {
    fn advise(&self, help: &mut String) {
        let Self { event, version, locked, known } = self;
        let Some(known) = known else {
            push(
                help,
                format_args!(
                    "Keep the variant `{event}` with its patch, which may do nothing: stored \
                     events cannot be left out."
                ),
            );
            return;
        };
        let fields = fields(locked);
        let type_name = known.type_name;
        let old = match known.versions.iter().find(|one| one.number == *version) {
            Some(one) if known.number > *version => {
                let old = one.type_name;
                push(
                    help,
                    format_args!(
                        "`{old}` says how version {version} is stored; give it back its form \
                         ({fields})."
                    ),
                );
                return;
            }
            Some(_) => format!("{type_name}V{version}"),
            None => {
                push(
                    help,
                    format_args!(
                        "Bring back the event type of version {version} ({fields}): newer programs \
                         have stored it."
                    ),
                );
                return;
            }
        };
        let next = version + 1;
        let before = match known.versions.iter().rev().nth(1) {
            Some(one) => format!(", version = {version}, from = {}", one.type_name),
            None => String::new(),
        };
        push(
            help,
            format_args!(
                "To change `{event}`, keep its old form and tell what becomes of it:\n\n    \
                 #[derive(Event, Serialize, Deserialize)]\n    \
                 #[event(name = \"{event}\"{before})]\n    \
                 struct {old} {{ {fields} }}\n\n    \
                 #[event(version = {next}, from = {old})] // on `{type_name}`\n\n    \
                 impl From<{old}> for {type_name} {{ fn from(old: {old}) -> Self {{ … }} }}\n\n\
                 A new field that may be missing needs no version: `#[serde(default)]`, or an \
                 `Option`."
            ),
        );
    }
}

/// The fields of a version, but not what lies within them.
fn fields(locked: &Locked) -> String {
    let fields = locked.fields.0.iter().filter(|(name, _)| !name.contains(['.', '[', '{', ':']));
    let field =
        |(name, kind): (&String, &String)| format!("{name}: {}", kind.trim_end_matches(OPTIONAL));
    fields.map(field).collect::<Vec<_>>().join(", ")
}

fn push(help: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into a text cannot fail.
    let _ = writeln!(help, "{line}");
}
